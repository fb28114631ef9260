import { isDeepStrictEqual } from 'node:util';
import type { Controller } from '../rollout/controller.ts';
import { RefusedError } from '../rollout/refused.ts';
import type { Config } from './parse.ts';
import { ConfigError } from './problem.ts';

const FIXED = ['sockets', 'store', 'metrics', 'geoip'] as const satisfies readonly (keyof Config)[];

/**
 * Makes the function that takes a new configuration while the sidecar runs: all of its rollouts or, with every problem
 * logged, nothing. What was opened at the start stays as in `running`; that it would be another is logged. Counts
 * `config.reloads` or `config.reload-failures`; the function never rejects.
 */
export function createReload(parts: {
  readonly running: Config;
  readonly controller: Pick<Controller, 'apply'>;
  readonly count: (name: string) => void;
  readonly log: (line: string) => void;
}): (load: () => Config) => Promise<void> {
  const { running, controller, count, log } = parts;
  return async (load) => {
    try {
      const wanted = load();
      const { changed, revision, unconfirmed } = await controller.apply(wanted.rollouts);
      count('config.reloads');
      log(`configuration taken: ${changed ? `revision ${revision}` : 'no rollout changed'}`);
      if (unconfirmed.length > 0) log(`revision ${revision} is not yet confirmed by ${unconfirmed.join(', ')}`);
      const fixed = FIXED.filter((part) => !isDeepStrictEqual(wanted[part], running[part]));
      if (fixed.length > 0) log(`changed, but needs a restart: ${fixed.join(', ')}`);
    } catch (error) {
      count('config.reload-failures');
      log('configuration not taken, the earlier one stays:');
      log(error instanceof ConfigError || error instanceof RefusedError ? error.message : String(error));
    }
  };
}
