/** Commits revision after revision to the store at argv[2] and says each on stdout once it is stored. */
import { writeSync } from 'node:fs';
import { FRESH_HOLD } from '../../../src/rollout/hold.ts';
import { openStore } from '../../../src/store/sqlite.ts';

const store = openStore(String(process.argv[2]));
for (let revision = store.revision() + 1; ; revision += 1) {
  const common = { rollout: 'ranker', release: 'r', revision };
  store.commit({
    revision,
    states: [
      {
        ...common,
        phase: 'paused',
        cause: 'manual',
        weightBp: revision % 10_000,
        stage: undefined,
        reached: [],
        hold: FRESH_HOLD,
        specRevision: 1,
        updatedAtMs: 0,
        updatedBy: 'a',
        specHash: '',
        active: true,
      },
    ],
    events: [
      {
        ...common,
        kind: 'weight-set',
        timeMs: 0,
        actor: 'a',
        reason: 'r',
        specRevision: 1,
        detail: '{}',
        guards: '[]',
      },
    ],
  });
  writeSync(1, `${revision}\n`);
}
