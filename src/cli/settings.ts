/** Where a command finds the configuration and the sidecar. */
import { existsSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/parse.ts';
import { UsageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

const configPlaces = ['./understudy.yaml', '/etc/understudy/understudy.yaml'];
const defaultAdminSocket = '/run/understudy/admin.sock';

/** Options of every command. */
export interface Settings {
  readonly config?: string;
  readonly admin?: string;
}

/** Throws UsageError when there is none, ConfigError when it is wrong. */
export function readConfig(settings: Settings, terminal: Terminal): Config {
  return loadConfig(configPath(settings, terminal));
}

/** Throws UsageError when there is none. */
export function configPath(settings: Settings, terminal: Terminal): string {
  const file = configFile(settings, terminal);
  if (file === undefined) throw new UsageError(`no configuration: give --config, or make ${configPlaces.join(' or ')}`);
  return file;
}

/** Path of the admin socket. Throws ConfigError when it is in a configuration that is wrong. */
export function adminSocket(settings: Settings, terminal: Terminal): string {
  const given = settings.admin ?? terminal.env.UNDERSTUDY_ADMIN;
  if (given !== undefined) return given;
  const file = configFile(settings, terminal);
  return file === undefined ? defaultAdminSocket : loadConfig(file).sockets.admin;
}

function configFile(settings: Settings, terminal: Terminal): string | undefined {
  return settings.config ?? terminal.env.UNDERSTUDY_CONFIG ?? configPlaces.find((place) => existsSync(place));
}
