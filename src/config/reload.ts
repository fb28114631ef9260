import { isDeepStrictEqual } from 'node:util';
import type { Controller } from '../rollout/controller.ts';
import { RefusedError } from '../rollout/refused.ts';
import type { Config } from './parse.ts';
import { ConfigError } from './problem.ts';

/** What is opened at the start and stays, by what people call it. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  sockets: ({ sockets }) => sockets,
  store: ({ store }) => store,
  metrics: ({ metrics }) => metrics,
  geoip: ({ geoip }) => geoip,
  admin: ({ admin }) => admin,
  observe: ({ observe }) => observe,
  'outcomes.database': ({ outcomes }) => outcomes?.database,
  'recording.directory': ({ recording }) => recording?.directory,
};

/**
 * Makes the function that takes a new configuration while the sidecar runs: all of its rollouts or, with every problem
 * logged, nothing. What was opened at the start stays as in `running`; that it would be another is logged. Counts
 * `config.reloads` or `config.reload-failures`; the function never rejects. `take` gets what is no rollout's and may change:
 * redact, recording, notifications, allowBodies.
 */
export function createReload(parts: {
  readonly running: Config;
  readonly controller: Pick<Controller, 'apply'>;
  readonly take?: (wanted: Config) => void;
  readonly count: (name: string) => void;
  readonly log: (line: string) => void;
}): (load: () => Config) => Promise<void> {
  const { running, controller, take, count, log } = parts;
  return async (load) => {
    try {
      const wanted = load();
      const { changed, revision, unconfirmed } = await controller.apply(wanted.rollouts);
      take?.(wanted);
      count('config.reloads');
      log(`configuration taken: ${changed ? `revision ${revision}` : 'no rollout changed'}`);
      if (unconfirmed.length > 0) log(`revision ${revision} is not yet confirmed by ${unconfirmed.join(', ')}`);
      const fixed = Object.keys(FIXED).filter(
        (part) => !isDeepStrictEqual(FIXED[part]?.(wanted), FIXED[part]?.(running)),
      );
      if (fixed.length > 0) log(`changed, but needs a restart: ${fixed.join(', ')}`);
    } catch (error) {
      count('config.reload-failures');
      log('configuration not taken, the earlier one stays:');
      log(error instanceof ConfigError || error instanceof RefusedError ? error.message : String(error));
    }
  };
}
