/** Where a command finds the configuration and the sidecar. */
import { existsSync, readFileSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/parse.ts';
import { UsageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

const configPlaces = ['./understudy.yaml', '/etc/understudy/understudy.yaml'];
const defaultAdminSocket = '/run/understudy/admin.sock';

/** Options of every command. */
export interface Settings {
  readonly config?: string;
  /** A path, or `host:port`. */
  readonly admin?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** How a command shows who it is, and knows whom it talks to. */
export interface Login {
  readonly token: string | undefined;
  /** Of the sidecar's certificate: undefined = those that the system trusts. */
  readonly ca: Buffer | undefined;
  readonly certificate: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
}

/** Throws UsageError when a file cannot be read, or the certificate has no key. */
export function loginOf(settings: Settings, { env }: Terminal): Login {
  const { ca, certificate, key } = {
    ca: settings.ca ?? env.UNDERSTUDY_CA,
    certificate: settings.certificate ?? env.UNDERSTUDY_CERTIFICATE,
    key: settings.key ?? env.UNDERSTUDY_KEY,
  };
  if ((certificate === undefined) !== (key === undefined))
    throw new UsageError('--certificate and --key belong together: give both or none');
  return {
    token: tokenOf(settings, env),
    ca: ca === undefined ? undefined : readAny('--ca', ca),
    certificate:
      certificate === undefined || key === undefined
        ? undefined
        : { certificate: readAny('--certificate', certificate), key: readAny('--key', key) },
  };
}

/** What the person gives goes before what is around them. */
function tokenOf({ tokenFile }: Settings, env: Terminal['env']): string | undefined {
  const file = tokenFile ?? (env.UNDERSTUDY_TOKEN ? undefined : env.UNDERSTUDY_TOKEN_FILE);
  const token = (file === undefined ? (env.UNDERSTUDY_TOKEN ?? '') : readAny('--token-file', file).toString()).trim();
  if (token === '') {
    if (file !== undefined) throw new UsageError(`--token-file: ${file} is empty`);
    return undefined;
  }
  // it becomes a header
  if (!/^[!-~]+$/.test(token)) throw new UsageError('the token has characters that no token has');
  return token;
}

function readAny(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${option}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
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

/** Where the sidecar is asked: a path, or `host:port`. Throws ConfigError when it is in a configuration that is wrong. */
export function adminSocket(settings: Settings, terminal: Terminal): string {
  const given = settings.admin ?? terminal.env.UNDERSTUDY_ADMIN;
  if (given !== undefined) return given;
  const file = configFile(settings, terminal);
  return file === undefined ? defaultAdminSocket : loadConfig(file).sockets.admin;
}

function configFile(settings: Settings, terminal: Terminal): string | undefined {
  return settings.config ?? terminal.env.UNDERSTUDY_CONFIG ?? configPlaces.find((place) => existsSync(place));
}
