/** A random history of one rollout through the real controller and store, and what must be true after each step of it. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { isJudge, isPromoting, moves } from '../../../src/guards/promoting.ts';
import type { GuardSpec, StageSpec } from '../../../src/guards/spec.ts';
import type { VerdictStatus } from '../../../src/guards/verdict.ts';
import { createController } from '../../../src/rollout/controller.ts';
import type { Look } from '../../../src/rollout/machine.ts';
import { RefusedError } from '../../../src/rollout/refused.ts';
import type { RolloutSpec } from '../../../src/rollout/spec.ts';
import { weightOf } from '../../../src/rollout/stages.ts';
import type { RolloutEvent, RolloutState, Store } from '../../../src/rollout/store.ts';
import type { Snapshot } from '../../../src/routing/snapshot.ts';
import { baseWeight } from '../../../src/routing/weight.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { fakePublisher, specOf } from './fakes.ts';
import { GUARDS, stageOf, verdicts } from './plans.ts';

const SEGMENTS = [{ country: 'NZ' }, { country: 'IE' }, {}] as const;
const SECOND_MS = 1_000;

/** What a file may say of the rollout. */
export interface Said {
  readonly version: string;
  readonly stages: readonly StageSpec[];
  readonly guards: readonly GuardSpec[];
}

const weights = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 4 });
const holds = fc.record({
  timeMs: fc.constantFrom(0, 10_000, 20_000, 30_000),
  pairs: fc.constantFrom(0, 0, 15),
  requests: fc.constantFrom(0, 0, 15),
  atMostMs: fc.constantFrom(10_000, 40_000, 600_000),
});
const details = fc.record({
  hold: holds,
  approve: fc.constantFrom('automatic', 'automatic', 'automatic', 'required'),
  scope: fc.constantFrom({}, {}, {}, { country: ['NZ'] }, { country: ['NZ', 'IE'] }),
});

/** Of everybody weights only rise, as the configuration asks for; those with a scope may be anything. */
const stages = fc
  .tuple(weights, fc.array(details, { minLength: 5, maxLength: 5 }), fc.boolean(), fc.boolean())
  .map(([chosen, said, withShadow, toEnd]) => {
    const rising = [
      ...new Set([...(withShadow ? [0] : []), ...chosen.sort((a, b) => a - b), ...(toEnd ? [10_000] : [])]),
    ];
    return rising.map((weightBp, i) => stageOf(`s${i}`, weightBp, said[i % said.length]));
  });

const guards = fc
  .array(
    fc.record({
      dryRun: fc.constantFrom(false, false, false, true),
      promote: fc.constantFrom('shown' as const, 'shown' as const, 'unless-harm' as const),
    }),
    { minLength: GUARDS.length, maxLength: GUARDS.length },
  )
  .map((changes) => GUARDS.map((guard, i): GuardSpec => ({ ...guard, ...changes[i] })));

const said: fc.Arbitrary<Said> = fc.record({
  version: fc.constantFrom('2.0.0', '2.0.0', '3.0.0'),
  stages: fc.oneof({ weight: 6, arbitrary: stages }, { weight: 1, arbitrary: fc.constant([]) }),
  guards,
});

const status = fc.constantFrom<VerdictStatus>(
  ...(['pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass'] as const),
  ...(['hold', 'hold', 'no-data', 'not-applicable', 'fail'] as const),
);
const statuses = fc.array(status, { minLength: GUARDS.length, maxLength: GUARDS.length });
const fine = fc.constant(GUARDS.map((): VerdictStatus => 'pass'));
const count = fc.constantFrom(0, 5, 10);

const block = fc.record({
  kind: fc.constant('block' as const),
  statuses: fc.oneof({ weight: 4, arbitrary: fine }, { weight: 1, arbitrary: statuses }),
  covered: fc.constantFrom(true, true, true, true, true, false),
  counts: fc.array(fc.record({ pairs: count, requests: count }), { minLength: 3, maxLength: 3 }),
});
const asked = fc.record({
  kind: fc.constant('ask' as const),
  what: fc.constantFrom(
    ...([
      'set',
      'pause',
      'resume',
      'resume',
      'keep',
      'keep',
      'promote',
      'to-end',
      'approve',
      'approve',
      'abort',
    ] as const),
    'complete' as const,
  ),
  weightBp: fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom(0, 10_000)),
  behind: fc.constantFrom(undefined, undefined, 0, 1),
});
const step = fc.oneof(
  { weight: 16, arbitrary: block },
  { weight: 3, arbitrary: asked },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trip' as const), isEnvironment: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reload' as const), said: fc.option(said, { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload-first' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('threads' as const), stuck: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('clock' as const), jumpMs: fc.integer({ min: -1e9, max: 1e9 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

export interface History {
  readonly first: Said;
  readonly steps: readonly Step[];
}

export const histories: fc.Arbitrary<History> = fc.record({
  first: said,
  steps: fc.array(step, { maxLength: 60, size: 'max' }),
});

/** To the end without any trouble, which chance seldom comes to. */
export const ORDERLY: History = {
  first: {
    version: '2.0.0',
    stages: [
      stageOf('s0', 0, { hold: { timeMs: 10_000 }, approve: 'required' }),
      stageOf('s1', 9_500),
      stageOf('s2', 10_000),
    ],
    guards: GUARDS,
  },
  steps: [...Array.from({ length: 3 }, () => seenWell()), ...(['approve', 'to-end', 'complete'] as const).map(askFor)],
};

function seenWell(): Step {
  const counts = SEGMENTS.map(() => ({ pairs: 10, requests: 10 }) as const);
  return { kind: 'block', statuses: GUARDS.map(() => 'pass'), covered: true, counts };
}

function askFor(what: 'approve' | 'to-end' | 'complete'): Step {
  return { kind: 'ask', what, weightBp: 0, behind: undefined };
}

function specsOf(from: Said | undefined): RolloutSpec[] {
  if (from === undefined) return [];
  const canary = { cluster: 'ranker-v2', version: from.version };
  return [specOf('ranker', { canary, salt: `ranker/${from.version}`, stages: from.stages, guards: from.guards })];
}

/** What it came to, without labels. */
export interface End {
  readonly states: readonly Omit<RolloutState, 'updatedAtMs'>[];
  readonly events: readonly Omit<RolloutEvent, 'timeMs'>[];
  readonly phases: readonly (string | undefined)[];
}

/** Lives through `history`; `check` is called around each step. Without `disturbed` there are no restarts, and the clock stands. */
export async function live(
  { first, steps }: History,
  { disturbed, check }: { readonly disturbed: boolean; readonly check?: typeof mustHold },
): Promise<End> {
  const store = openStore(':memory:');
  const threads = { stuck: false };
  let nowMs = 1_700_000_000_000;
  let current: Said | undefined = first;
  const start = () => {
    const publisher = {
      ...fakePublisher(),
      publish: async () => (threads.stuck ? ['decide-0'] : []),
      unconfirmed: () => (threads.stuck ? ['decide-0'] : []),
    };
    return createController({ specs: specsOf(current), store, publisher, now: () => nowMs });
  };
  let controller = start();
  const phases: (string | undefined)[] = [];
  let before = seenIn(store, controller.snapshot());
  for (const one of steps) {
    const state = before.state;
    const view = controller.views()[0];
    let look: Look | undefined;
    switch (one.kind) {
      case 'block': {
        if (view === undefined) break;
        look = lookFrom(one, view);
        controller.look('ranker', view.release, look);
        break;
      }
      case 'ask':
        await ask(one, state).catch((error: unknown) => {
          if (!(error instanceof RefusedError)) throw error;
        });
        break;
      case 'trip':
        if (state)
          controller.trip('ranker', state.release, { kind: 'hang', isEnvironment: one.isEnvironment, reason: 'trip' });
        break;
      case 'reload':
      case 'reload-first':
        current = one.kind === 'reload' ? one.said : first;
        await controller.apply(specsOf(current));
        break;
      case 'threads':
        threads.stuck = one.stuck;
        controller.tick();
        break;
      case 'restart':
        if (disturbed) controller = start();
        break;
      case 'clock':
        if (disturbed) nowMs += one.jumpMs;
    }
    // whatever was not waited for
    await new Promise(setImmediate);
    const after = seenIn(store, controller.snapshot());
    check?.(before, after, look, view?.guards ?? []);
    phases.push(controller.views()[0]?.phase);
    before = after;
  }
  return {
    states: store.states().map(({ updatedAtMs: _, ...state }) => state),
    events: store.events({ limit: 1_000 }).map(({ timeMs: _, ...event }) => event),
    phases,
  };

  function ask({ what, weightBp, behind }: Extract<Step, { kind: 'ask' }>, state: RolloutState | undefined) {
    const expectedRevision = behind === undefined || state === undefined ? undefined : state.revision - behind;
    const request = { rollout: 'ranker', reason: 'because', actor: 'ana', expectedRevision };
    switch (what) {
      case 'set':
        return controller.setWeight({ ...request, weightBp });
      case 'pause':
        return controller.pause(request);
      case 'resume':
      case 'keep':
        return controller.resume(request, what === 'keep');
      case 'promote':
      case 'to-end':
        return controller.promote(request, what === 'to-end');
      case 'approve':
        return controller.approve(request);
      case 'abort':
        return controller.abort(request);
      case 'complete':
        return controller.complete(request, { cluster: 'ranker-v2', seenIn: 'the log' });
    }
  }
}

/** A block as it would be seen at the stage where the release is. */
function lookFrom(
  { statuses, covered, counts }: Extract<Step, { kind: 'block' }>,
  view: Pick<RolloutSpec, 'stages' | 'guards'> & { readonly stage: string | undefined; readonly weightBp: number },
): Look {
  const { scope = {} } = view.stages.find(({ name }) => name === view.stage) ?? {};
  const [all = { pairs: 0, requests: 0 }, ...each] = counts;
  const byValue = Object.fromEntries(
    Object.values(scope)
      .flat()
      .map((value, i) => [`country=${value}`, each[i] ?? all]),
  );
  const { pairs, requests } = all;
  const present = (view.weightBp > 0 ? requests : pairs) > 0;
  const subject = view.weightBp > 0 ? ('canary' as const) : ('pairs' as const);
  const said = Object.fromEntries(GUARDS.map(({ name }, i) => [name, { status: statuses[i] ?? 'pass', subject }]));
  return {
    seen: { durationMs: 10 * SECOND_MS, covered, present, pairs, requests, byValue },
    verdicts: verdicts(said, view.guards),
  };
}

/** What anybody can see between two steps. */
export interface Seen {
  readonly state: RolloutState | undefined;
  /** Oldest first. */
  readonly events: readonly RolloutEvent[];
  readonly revision: number;
  /** Effective weight of each of SEGMENTS. */
  readonly effective: readonly number[];
}

function seenIn(store: Store, snapshot: Snapshot): Seen {
  const [rollout] = snapshot.rollouts;
  const isOff = rollout === undefined || rollout.phase === 'rolling-back' || rollout.phase === 'rolled-back';
  return {
    state: store.states()[0],
    events: store.events({ after: 0, limit: 1_000 }),
    revision: store.revision(),
    effective: SEGMENTS.map((segments) => (isOff ? 0 : baseWeight(rollout, segments))),
  };
}

const NOTES: ReadonlySet<string> = new Set(['guard-failed', 'guard-cleared']);
const RAISES: ReadonlySet<string> = new Set(['promoted', 'approved', 'weight-set', 'resumed', 'release-started']);
const LOWERS: ReadonlySet<string> = new Set(['rollback-started', 'weight-set', 'rollout-archived', 'release-started']);

/** All of what must be true after any step. */
export function mustHold(before: Seen, after: Seen, look: Look | undefined, guards: readonly GuardSpec[]): void {
  const fresh = after.events.slice(before.events.length);
  const changes = fresh.filter(({ kind }) => !NOTES.has(kind));
  const kinds = changes.map(({ kind }) => kind);
  expect(after.events.slice(0, before.events.length), 'events stay').toEqual(before.events);
  for (const [i, weightBp] of after.effective.entries()) {
    const was = before.effective[i] ?? 0;
    if (weightBp > was)
      expect(
        kinds.some((kind) => RAISES.has(kind)),
        `raised by ${kinds}`,
      ).toBe(true);
    if (weightBp < was)
      expect(
        kinds.some((kind) => LOWERS.has(kind)),
        `lowered by ${kinds}`,
      ).toBe(true);
  }
  if (after.state) rolledBackIsFinal(after, after.state);
  for (const event of fresh) complete(event);
  for (const event of changes)
    if (event.kind === 'promoted' && event.actor === 'understudy') promotedByEvidence(look, guards);
  oneEventEach(before, after, changes);
}

function rolledBackIsFinal({ events, effective }: Seen, state: RolloutState): void {
  const isOver = events.some(({ kind, release }) => kind === 'rollback-started' && release === state.release);
  if (!isOver) return;
  expect(['rolling-back', 'rolled-back']).toContain(state.phase);
  expect(weightOf(state)).toBe(0);
  expect(effective).toEqual([0, 0, 0]);
}

function complete({ actor, reason, guards, detail, specRevision, revision }: RolloutEvent): void {
  expect([actor, reason]).not.toContain('');
  expect(JSON.parse(guards)).toBeInstanceOf(Array);
  expect(JSON.parse(detail)).toBeInstanceOf(Object);
  expect(specRevision).toBeGreaterThan(0);
  expect(specRevision).toBeLessThanOrEqual(revision);
}

function promotedByEvidence(look: Look | undefined, guards: readonly GuardSpec[]): void {
  expect(look?.seen).toMatchObject({ covered: true, present: true });
  const statusOf = (name: string) => look?.verdicts.find(({ guard }) => guard === name)?.status;
  for (const guard of guards.filter(moves))
    expect(['pass', 'hold', 'not-applicable'], guard.name).toContain(statusOf(guard.name));
  for (const guard of guards.filter(isPromoting))
    expect(['pass', 'not-applicable'], guard.name).toContain(statusOf(guard.name));
  expect(
    guards.filter(isJudge).map(({ name }) => statusOf(name)),
    'somebody has judged',
  ).toContain('pass');
}

/** States and events tell the same story, under revisions that strictly rise. */
function oneEventEach(before: Seen, after: Seen, changes: readonly RolloutEvent[]): void {
  const revisions = [before.revision, ...changes.map(({ revision }) => revision)];
  for (const [i, revision] of revisions.entries()) if (i > 0) expect(revision).toBeGreaterThan(revisions[i - 1] ?? 0);
  const { hold: _, ...was } = before.state ?? { hold: undefined };
  const { hold: __, ...is } = after.state ?? { hold: undefined };
  const last = changes.at(-1);
  if (last === undefined) {
    expect(is, 'no change without an event').toEqual(was);
    return;
  }
  expect([after.state?.revision, after.revision]).toEqual([last.revision, last.revision]);
  expect([last.release, last.specRevision]).toEqual([after.state?.release, after.state?.specRevision]);
  const { from, to } = JSON.parse(last.detail);
  if (to === undefined) return;
  const { phase, cause, stage } = after.state as RolloutState;
  expect(to).toEqual(
    JSON.parse(JSON.stringify({ phase, cause, stage, weightBp: weightOf(after.state as RolloutState) })),
  );
  const [first] = changes;
  if (changes.length === 1 && first?.kind !== 'release-started' && before.state !== undefined) {
    const old = before.state;
    expect(from).toEqual(
      JSON.parse(JSON.stringify({ phase: old.phase, cause: old.cause, stage: old.stage, weightBp: weightOf(old) })),
    );
  }
}
