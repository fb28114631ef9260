import { stringify } from 'yaml';
import { type Config, parseConfig } from '../../../src/config/parse.ts';
import type { GivenOptions } from '../../../src/render/options.ts';

/** What the command line gives when nothing is said. */
export const GIVEN: GivenOptions = {
  endpoint: [],
  match: [],
  listen: '0.0.0.0:10000',
  adminListen: '127.0.0.1:9901',
  traceSample: '1%',
  lua: '/etc/envoy/capture.lua',
  routeTimeout: '10s',
};

/** A rollout as its user writes it; its clusters are `<name>-v1`, `<name>-v2` and `<name>-shadow-<n>`. */
export function rolloutOf(name: string, shadowCount = 0, route?: string[]): Record<string, unknown> {
  return {
    name,
    ...(route && { route }),
    stable: { cluster: `${name}-v1`, version: '1' },
    canary: { cluster: `${name}-v2`, version: '2' },
    shadows: Array.from({ length: shadowCount }, (_, index) => {
      return { name: `s${index + 1}`, cluster: `${name}-shadow-${index + 1}`, version: `${index + 3}` };
    }),
  };
}

export function configOf(rollouts: readonly object[], sockets = {}, more = {}): Config {
  return parseConfig(stringify({ rollouts, sockets, ...more }), 'understudy.yaml').config;
}
