/**
 * Takes release after release through its stages, over the store at argv[2]: the real store, loop of judging and controller, with
 * a judge that says what it is told, and people who act where a release is, not when. A block is taken as fast as it can be stored.
 * Says on stdout what was acknowledged. Kills itself at its store operation number argv[4] (0 = never). With `last` as argv[5] it
 * ends with the release it is at.
 */
import { writeSync } from 'node:fs';
import { emptyPair } from '../../src/evidence/merge.ts';
import type { Cell } from '../../src/evidence/sums.ts';
import type { Judged, SeenBlock } from '../../src/guards/judge.ts';
import type { Judge } from '../../src/judging/judge.ts';
import { createJudging } from '../../src/judging/loop.ts';
import type { EvidenceStore, StepWrites } from '../../src/judging/store.ts';
import { createController } from '../../src/rollout/controller.ts';
import type { RolloutState, Store } from '../../src/rollout/store.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { blockOf, cellOf, guardOf, verdictOf } from '../unit/judging/stage.ts';
import { specOf } from '../unit/rollout/fakes.ts';
import { stageOf } from '../unit/rollout/plans.ts';
import { shadowOf } from '../unit/routing/rollout.ts';

const BLOCK_MS = 10_000;
const HOLD = { hold: { timeMs: 3 * BLOCK_MS, pairs: 40 } };
const STAGES = [
  stageOf('shadow', 0, HOLD),
  stageOf('one', 100, HOLD),
  stageOf('five', 500, { ...HOLD, approve: 'required' }),
  stageOf('half', 5_000, HOLD),
  stageOf('all', 10_000),
];
const GUARDS = [
  guardOf({ name: 'agreement', what: { metric: 'pair.agreement', field: 'late', net: false }, action: 'block' }),
  guardOf({ name: 'errors', what: { metric: 'error-rate' }, action: 'rollback' }),
];

const [path = '', thread = '', dieAt = '0', last = ''] = process.argv.slice(2);
let operations = 0;
function mayDie(): void {
  if (++operations === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
}
function around<Given extends unknown[], Result>(work: (...given: Given) => Result): (...given: Given) => Result {
  return (...given) => {
    mayDie();
    const result = work(...given);
    mayDie();
    return result;
  };
}

const store = openStore(path);
const deadly: Store & EvidenceStore = {
  ...store,
  commit: around(store.commit),
  note: around(store.note),
  inStep: (work) =>
    around(store.inStep<ReturnType<typeof work>>)((writes) => {
      const each = Object.entries(writes).map(([name, write]: [string, (...given: never[]) => unknown]) => [
        name,
        around(write),
      ]);
      return work(Object.fromEntries(each) as StepWrites);
    }),
};

function specFor(version: number) {
  const canary = { cluster: 'ranker-v2', version: `${version}.0.0` };
  const shadows = [shadowOf('candidate', 'ranker-v2-shadow', canary.version)];
  return specOf('ranker', { canary, shadows, salt: `ranker/${version}`, stages: STAGES, guards: GUARDS });
}
const versionOf = (release: string | undefined) => Number.parseInt(release ?? '2', 10);

interface Told {
  readonly release: string;
  readonly blocks: number;
  readonly weightBp: number;
}

/** Releases of even versions fail once everybody has them. */
const judge: Judge<Told> = {
  format: 1,
  start: ({ release }: Judged) => ({ release, blocks: 0, weightBp: 0 }),
  adopt: (state) => state,
  step: ({ release, blocks }, { weightBp }: SeenBlock) => ({ release, blocks: blocks + 1, weightBp }),
  verdicts: ({ release, blocks, weightBp }) => {
    const isBad = versionOf(release) % 2 === 0 && weightBp === 10_000;
    return [
      verdictOf({ guard: 'agreement', action: 'block', status: blocks > 1 ? 'pass' : 'hold', subject: 'pairs' }),
      verdictOf({ guard: 'errors', action: 'rollback', status: isBad ? 'fail' : 'pass', subject: 'canary' }),
    ];
  },
};

let asked = 0;
const controller = createController({
  ...{ specs: [specFor(versionOf(store.states()[0]?.release))], store: deadly, now: Date.now, log: console.error },
  publisher: {
    publish: async () => ['decide-0'],
    // a thread that takes its time to confirm
    unconfirmed: () => (++asked % 3 === 0 ? [] : ['decide-0']),
  },
});
let nowMs = 0;
const judging = createJudging({
  ...{ store: deadly, judge, views: controller.views, count: () => {}, log: console.error },
  onJudged: ({ row, seen, verdicts }) => controller.look(row.rollout, row.release, { seen, verdicts }),
  nowMs: () => nowMs,
  wallMs: Date.now,
});
controller.onChange(judging.follow);
controller.onChange(() => say('changed'));

/** What is said to be so is stored. */
function say(what: string): void {
  const { revision, phase, weightBp, stage, hold } = controller.view('ranker');
  writeSync(1, `${JSON.stringify({ what, revision, phase, weightBp, stage, coveredMs: hold.coveredMs })}\n`);
}

const request = { rollout: 'ranker', reason: 'because', actor: 'ana' };
/** What people do, in this order; each waits for its place. */
const people: { readonly when: (state: RolloutState) => boolean; readonly ask: () => Promise<unknown> }[] = [
  { when: ({ stage, cause }) => stage === 'one' && cause === 'plan', ask: () => controller.pause(request) },
  { when: ({ cause }) => cause === 'person', ask: () => controller.resume(request, false) },
  { when: ({ cause }) => cause === 'approval', ask: () => controller.approve(request) },
  { when: ({ stage }) => stage === 'half', ask: () => controller.setWeight({ ...request, weightBp: 3_000 }) },
  { when: ({ cause }) => cause === 'manual', ask: () => controller.setWeight({ ...request, weightBp: 6_000 }) },
  { when: ({ cause }) => cause === 'manual', ask: () => controller.resume(request, true) },
  {
    when: ({ phase, release }) => phase === 'promoted' && versionOf(release) % 2 === 1,
    ask: () => controller.complete(request, { cluster: 'ranker-v2', seenIn: 'the log' }),
  },
];

say('ready');
for (let sequence = 0; ; sequence++) {
  const [state] = store.states();
  if (state === undefined) throw new Error('there is no release');
  if (state.phase === 'completed' || state.phase === 'rolled-back') {
    if (last) break;
    await controller.apply([specFor(versionOf(state.release) + 1)]);
    say('applied');
    continue;
  }
  const done = store
    .events({ limit: 1_000 })
    .filter(({ actor, release }) => actor === 'ana' && release === state.release).length;
  const next = people[done];
  if (next?.when(state)) {
    await next.ask();
    say('asked');
  }
  nowMs += BLOCK_MS;
  await judging.takeBlock(
    blockOf({ sidecar: store.sidecarId(), thread, sequence }, [], { startMs: Date.now(), cells: cells() }),
  );
  say('held');
  controller.tick();
  await new Promise(setImmediate);
}
store.close();
say('done');

function cells(): Cell[] {
  const { release, weightBp } = controller.view('ranker');
  const pairs = { ...emptyPair(), pairs: 20 };
  const key = {
    rollout: 'ranker',
    release,
    weightBp,
    arm: 'stable',
    shadow: 'candidate',
    segment: '',
    segmentValue: '',
  } as const;
  return [
    ...(weightBp < 10_000 ? [{ key, pair: pairs }] : []),
    ...(weightBp > 0 ? [cellOf(new Array(10).fill(5), { release, weightBp, arm: 'canary' })] : []),
  ];
}
