import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seenFromText } from '../../../src/judging/seen-block.ts';
import type { Sources } from '../../../src/judging/step.ts';
import type { EvidenceStore } from '../../../src/judging/store.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { blockOf, cellOf, guardOf, judgingOver, seenOf, stateOf, tallyJudge, viewOf } from './stage.ts';

describe('blocks', () => {
  test('verdicts are published when the block is stored, to whoever listens', async () => {
    const stage = judgingOver();
    const told: string[] = [];
    stage.judging.verdicts.onChange((rollout) => told.push(rollout));
    expect(await stage.next([1, 2, 3])).toBe('stored');
    expect(told).toEqual(['ranker']);
    expect(stage.judging.verdicts.list('ranker')).toMatchObject([{ n: 3 }]);
    expect(stage.judging.verdicts.judged('ranker')).toMatchObject({ release: 'r1', stale: false });
    expect(stage.judging.verdicts.list('other')).toEqual([]);
  });

  test('a block delivered twice counts once, also to another process with the store', async () => {
    const store = openStore(':memory:');
    const first = judgingOver(store);
    const block = blockOf({ sidecar: store.sidecarId(), thread: 't', sequence: 0 }, [1, 2]);
    expect([await first.judging.takeBlock(block), await first.judging.takeBlock(block)]).toEqual(['stored', 'known']);
    const second = judgingOver(store);
    expect(await second.judging.takeBlock(block)).toBe('known');
    expect(second.tally()).toMatchObject({ requests: 2, covered: 1 });
    expect(first.counted['judging.blocks-known']).toBe(1);
  });

  test('two sidecars: the other one is merged with our next block, time counts once, and each block once', async () => {
    const stage = judgingOver();
    const other = (sequence: number) => blockOf({ sidecar: 'other', thread: 'o', sequence }, [5, 5, 5]);
    const told = [
      stage.judging.takeBlock(other(0)),
      stage.judging.takeBlock(other(0)),
      stage.judging.takeBlock(other(1)),
    ];
    await stage.next([1]);
    expect(await Promise.all(told)).toEqual(['stored', 'stored', 'stored']);
    expect(stage.tally()).toMatchObject({ requests: 7, blocks: 1, coveredMs: 10_000 });
    const again = stage.judging.takeBlock(other(1));
    await stage.next([1]);
    await again;
    expect(stage.tally()).toMatchObject({ requests: 8, blocks: 2, coveredMs: 20_000 });
  });

  test('any order and repetition of deliveries leaves every block counted exactly once', () => {
    const deliveries = fc.array(fc.record({ sidecar: fc.constantFrom('a', 'b'), sequence: fc.nat(20) }), {
      maxLength: 60,
    });
    return fc.assert(
      fc.asyncProperty(deliveries, async (delivered) => {
        const stage = judgingOver();
        for (const { sidecar, sequence } of delivered) {
          void stage.judging.takeBlock(blockOf({ sidecar, thread: 't', sequence }, [1]));
          await stage.next([]);
        }
        const distinct = new Set(delivered.map(({ sidecar, sequence }) => `${sidecar} ${sequence}`));
        if (delivered.length > 0) expect(stage.tally().requests).toBe(distinct.size);
      }),
      { numRuns: 40 },
    );
  });

  test('a block of another sidecar after a hole is merged, and its time is not covered', async () => {
    const stage = judgingOver();
    for (const sequence of [0, 2]) {
      void stage.judging.takeBlock(blockOf({ sidecar: 'other', thread: 'o', sequence }));
      await stage.next();
    }
    expect(stage.tally()).toMatchObject({ requests: 4, covered: 1, coveredMs: 10_000, uncoveredMs: 10_000 });
  });

  test('without guards nothing is judged or stored, and no time is lost when they come', async () => {
    const stage = judgingOver(openStore(':memory:'), { views: [viewOf({ guards: [] })] });
    expect(await stage.next()).toBe('refused');
    stage.nowMs += 60_000;
    stage.judging.tick();
    expect(stage.store.judges()).toEqual([]);
    stage.views = [viewOf()];
    expect(await stage.next()).toBe('stored');
    expect(stage.tally()).toMatchObject({ blocks: 1, covered: 1 });
  });
});

describe('covered time', () => {
  test.each([
    [99, 1, true],
    [98, 2, false],
    [0, 0, true],
    [0, 1, false],
  ])('%i matched, %i unmatched: covered %s', async (matched, unmatched, covered) => {
    const stage = judgingOver();
    await stage.next([1], { seen: [seenOf({ matched, unmatched }), seenOf({ rollout: 'other', unmatched: 1_000 })] });
    expect(stage.tally().covered).toBe(covered ? 1 : 0);
  });

  test('nobody observes: time passes uncovered, as one gap, until somebody does again', async () => {
    const stage = judgingOver();
    await stage.next();
    for (let second = 0; second < 40; second++) {
      stage.nowMs += 1_000;
      stage.judging.tick();
    }
    const id = { sidecar: stage.store.sidecarId(), thread: 'another', sequence: 0 };
    stage.nowMs += 10_000;
    await stage.judging.takeBlock(blockOf(id));
    expect(stage.tally()).toMatchObject({ coveredMs: 20_000, uncoveredMs: 40_000 });
    expect(stage.judging.verdicts.judged('ranker')?.gaps).toEqual({ count: 1, ms: 40_000 });
    expect(stage.counted['judging.gaps']).toBe(1);
  });

  test('a block that is only late is no gap', async () => {
    const stage = judgingOver();
    await stage.next();
    stage.nowMs += 4_000;
    stage.judging.tick();
    await stage.next();
    expect(stage.tally()).toMatchObject({ blocks: 2, covered: 2 });
  });

  test('a restart is a counted gap, and one uncovered block to the judge, however long it was', async () => {
    const store = openStore(':memory:');
    const first = judgingOver(store);
    await first.next();
    const second = judgingOver(store);
    second.wallMs = first.wallMs + 3_600_000;
    await second.judging.takeBlock(
      blockOf({ sidecar: store.sidecarId(), thread: 'second', sequence: 0 }, [1], { startMs: second.wallMs }),
    );
    expect(second.tally()).toMatchObject({ covered: 2, uncoveredMs: 10_000 });
    expect(second.judging.verdicts.judged('ranker')?.gaps).toEqual({ count: 1, ms: 3_600_000 });
  });

  test('wall time that jumps back changes labels only', async () => {
    const run = async (jumpMs: number) => {
      const store = openStore(':memory:');
      const first = judgingOver(store);
      await first.next();
      first.wallMs -= jumpMs;
      await first.next();
      const second = judgingOver(store);
      second.wallMs = first.wallMs - jumpMs;
      const id = { sidecar: store.sidecarId(), thread: 'second', sequence: 0 };
      await second.judging.takeBlock(blockOf(id, [1], { startMs: second.wallMs }));
      expect(second.judging.verdicts.judged('ranker')?.gaps.ms).toBeGreaterThanOrEqual(0);
      return stateOf(store);
    };
    expect(await run(86_400_000)).toBe(await run(0));
  });
});

describe('state', () => {
  test('is bit by bit what the stored steps lead to, and goes on the same after a restart at any block', async () => {
    const latencies = fc.array(fc.double({ min: 0.001, max: 1e5, noNaN: true }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(latencies, { minLength: 1, maxLength: 12 }), fc.nat(11), async (blocks, at) => {
        const whole = judgingOver(openStore(':memory:'));
        const store = openStore(':memory:');
        let part = judgingOver(store);
        const block = (sidecar: string, sequence: number, values: number[]) =>
          blockOf({ sidecar, thread: 't', sequence }, values);
        for (const [index, values] of blocks.entries()) {
          await whole.judging.takeBlock(block(whole.store.sidecarId(), index, values));
          await part.judging.takeBlock(block(store.sidecarId(), index, values));
          // another process, whose thread goes on: what differs is only what is in memory
          if (index === at) part = judgingOver({ ...store, judges: store.judges });
        }
        const gapless = blocks.length <= at + 1;
        if (gapless) expect(stateOf(store)).toBe(stateOf(whole.store));
        let state = tallyJudge.start({
          rollout: 'ranker',
          release: 'r1',
          guards: [guardOf()],
          candidateShadow: 'candidate',
        });
        for (const { seen } of store.steps('ranker')) {
          state = JSON.parse(JSON.stringify(tallyJudge.step(state, seenFromText(seen))));
        }
        expect(JSON.stringify(state)).toBe(stateOf(store));
      }),
      { numRuns: 50 },
    );
  });

  test('a new release starts anew, also one that was there before', async () => {
    const stage = judgingOver();
    await stage.next([1, 1]);
    stage.views = [viewOf({ release: 'r2' })];
    stage.judging.follow();
    expect(stage.judging.verdicts.list('ranker')).toEqual([]);
    stage.views = [viewOf()];
    stage.judging.follow();
    await stage.next([1]);
    expect(stage.tally().requests).toBe(1);
  });

  test('only cells of the release, of all traffic and of segments that guards look at are shown', async () => {
    const stage = judgingOver(openStore(':memory:'), {
      views: [viewOf({ guards: [guardOf({ scope: { state: 'each' } as never })] })],
    });
    const cells = [
      cellOf([1]),
      cellOf([1], { release: 'r0' }),
      cellOf([1], { segment: 'state', segmentValue: 'CO' }),
      cellOf([1], { segment: 'tier', segmentValue: 'gold' }),
    ];
    await stage.next([], { cells });
    const [step] = stage.store.steps('ranker');
    const shown = seenFromText(step?.seen ?? '').cells.map(({ key }) => `${key.release} ${key.segment}`);
    expect(shown).toEqual(['r1 ', 'r1 state']);
  });

  test('the age of a weight is time that was seen, from the block it changed in', async () => {
    const stage = judgingOver();
    await stage.next();
    await stage.next();
    stage.views = [viewOf({ weightBp: 1_000 })];
    await stage.next();
    await stage.next();
    await stage.next();
    expect(stage.tally().ages).toEqual([null, null, 0, 10_000, 20_000]);
  });

  test('a unit is first seen once in a release, in whichever process and arm; a new release sees it again', async () => {
    const store = openStore(':memory:');
    const unit = (n: number) => n.toString(16).padStart(16, '0');
    const seen = (arm: 'stable' | 'canary', from: number, to: number, release = 'r1') => ({
      seen: [
        seenOf({
          release,
          units: Array.from({ length: to - from }, (_, i) => ({ unit: unit(from + i), arm, weightBp: 500 })),
        }),
      ],
    });
    const first = judgingOver(store);
    await first.next([], seen('stable', 0, 10));
    await first.next([], seen('canary', 5, 12));
    expect(first.tally()).toMatchObject({ stable: 10, canary: 2 });
    const second = judgingOver(store);
    await second.judging.takeBlock(
      blockOf({ sidecar: store.sidecarId(), thread: 'b', sequence: 0 }, [], seen('stable', 0, 13)),
    );
    expect(second.tally()).toMatchObject({ stable: 11, canary: 2 });
    second.views = [viewOf({ release: 'r2' })];
    second.judging.follow();
    await second.judging.takeBlock(
      blockOf({ sidecar: store.sidecarId(), thread: 'b', sequence: 1 }, [], seen('stable', 0, 3, 'r2')),
    );
    expect(second.tally()).toMatchObject({ stable: 3, canary: 0 });
  });
});

test('a step says which blocks of which sidecars it merged, and the revision', async () => {
  const stage = judgingOver();
  const other = { sidecar: 'other', thread: 'o', sequence: 0 };
  void stage.judging.takeBlock(blockOf(other));
  await stage.next();
  const own = { sidecar: stage.store.sidecarId(), thread: 'thread', sequence: 0 };
  expect(stage.store.steps('ranker')).toMatchObject([{ revision: 7, blocks: [own, other] }]);
});

test('a release that begins while nobody observes has no gap yet', async () => {
  const stage = judgingOver();
  await stage.next();
  stage.views = [viewOf({ release: 'r2' })];
  stage.judging.follow();
  stage.nowMs += 20_000;
  stage.judging.tick();
  expect(stage.judging.verdicts.judged('ranker')).toMatchObject({ release: 'r2', gaps: { count: 0, ms: 0 } });
  expect(stage.tally()).toMatchObject({ covered: 0, uncoveredMs: 20_000 });
});

describe('a store that cannot be written', () => {
  function failing() {
    const store = openStore(':memory:');
    const state = { fails: false };
    const flaky: EvidenceStore = {
      ...store,
      inStep(work) {
        return store.inStep((writes) => {
          const result = work(writes);
          // as late as can be: everything was written
          if (state.fails) throw new Error('database or disk is full');
          return result;
        });
      },
    };
    return { stage: judgingOver(flaky), state };
  }

  test('verdicts stay and are stale, pass becomes no-data; later every block is counted once and in order', async () => {
    const { stage, state } = failing();
    await stage.next([1]);
    state.fails = true;
    const waiting = [stage.next([2, 2]), stage.next([3])];
    expect(stage.judging.verdicts.judged('ranker')).toMatchObject({
      stale: true,
      verdicts: [{ n: 1, status: 'no-data' }],
    });
    expect(stage.tally().requests).toBe(1);
    state.fails = false;
    stage.nowMs += 5_000;
    stage.judging.tick();
    expect(await Promise.all(waiting)).toEqual(['stored', 'stored']);
    expect(stage.judging.verdicts.judged('ranker')).toMatchObject({
      stale: false,
      verdicts: [{ n: 4, status: 'pass' }],
    });
    expect(stage.tally()).toMatchObject({ blocks: 3, covered: 3 });
    expect(stage.counted['judging.store-failed']).toBeGreaterThan(0);
    expect(stage.lines).toEqual([
      'evidence cannot be stored, verdicts are stale: database or disk is full',
      'evidence can be stored again',
    ]);
  });

  test('what cannot be stored is judged for harm once, in order, on top of what was stored; later as if it had not been', async () => {
    const { stage, state } = failing();
    await stage.next([1]);
    state.fails = true;
    const waiting = [stage.next([2, 2]), stage.next([3])];
    stage.nowMs += 5_000;
    stage.judging.tick();
    const said = () => stage.unstored.map(({ verdicts }) => verdicts[0]?.n);
    expect(said()).toEqual([3, 4]);
    state.fails = false;
    stage.nowMs += 5_000;
    stage.judging.tick();
    await Promise.all(waiting);
    expect(stage.tally()).toMatchObject({ requests: 4, blocks: 3 });
    expect(stage.looked.map(({ verdicts }) => verdicts[0]?.n)).toEqual([1, 3, 4]);
    state.fails = true;
    void stage.next([5]);
    expect(said()).toEqual([3, 4, 5]);
  });

  test('of what waits too long each block is judged for harm once, and the gap it becomes is not', async () => {
    const { stage, state } = failing();
    state.fails = true;
    for (let n = 0; n < 70; n++) void stage.next([1]);
    expect(stage.unstored.map(({ verdicts }) => verdicts[0]?.n)).toEqual(Array.from({ length: 70 }, (_, n) => n + 1));
  });

  test('what waits too long is dropped and counted, and is a gap', async () => {
    const { stage, state } = failing();
    await stage.next([1]);
    state.fails = true;
    const waiting = Array.from({ length: 70 }, () => stage.next([1]));
    state.fails = false;
    stage.nowMs += 5_000;
    stage.judging.tick();
    const told = await Promise.all(waiting);
    const refused = told.filter((one) => one === 'refused').length;
    expect(refused).toBe(stage.counted['judging.blocks-dropped']);
    expect(stage.tally()).toMatchObject({ requests: 71 - refused, uncoveredMs: refused * 10_000 });
    expect(stage.tally().coveredMs + stage.tally().uncoveredMs).toBe(71 * 10_000);
    expect(stage.judging.verdicts.judged('ranker')?.gaps).toEqual({ count: 1, ms: refused * 10_000 });
    expect(stage.counted['judging.gaps']).toBe(1);
  });

  test('a judge that fails costs neither its past nor the others their block', async () => {
    let fails = false;
    const judge = {
      ...tallyJudge,
      step(state: never, seen: never) {
        if (fails) throw new Error('a mistake');
        return tallyJudge.step(state, seen);
      },
    };
    const stage = judgingOver(openStore(':memory:'), { judge });
    await stage.next([1]);
    fails = true;
    expect(await stage.next([1])).toBe('stored');
    expect(stage.judging.verdicts.judged('ranker')).toMatchObject({ stale: true, verdicts: [{ n: 1 }] });
    fails = false;
    await stage.next([1]);
    expect(stage.tally().requests).toBe(2);
    expect(stage.counted['judging.failed']).toBe(1);
  });
});

test('ripe outcomes are asked for inside the transaction, and samples by rollout', async () => {
  const asked: string[] = [];
  const sources: Sources = {
    samples: () => ({ p95: 7 }),
    ripe(rollout, release) {
      asked.push(`${rollout} ${release}`);
      return {};
    },
  };
  const stage = judgingOver(openStore(':memory:'), { sources });
  await stage.next();
  expect(asked).toEqual(['ranker r1']);
  const [step] = stage.store.steps('ranker');
  expect(seenFromText(step?.seen ?? '').samples).toEqual({ p95: 7 });
});

describe('what a block holds for its stage', () => {
  const canary = (requests: number, weightBp = 500) => [
    cellOf(new Array(requests).fill(1), { arm: 'canary', weightBp }),
  ];
  const heldIn = (stage: ReturnType<typeof judgingOver>) =>
    stage.looked.map(({ seen }) => [seen.covered, seen.present, seen.requests]);

  test('is told after its verdicts are, once for each block, and not when the judge fails', async () => {
    const broken = { ...tallyJudge, step: () => expect.fail('no') };
    const stage = judgingOver();
    stage.onJudged = ({ verdicts }) => expect(stage.judging.verdicts.list('ranker')).toEqual(verdicts);
    await stage.next([], { cells: canary(3) });
    await stage.next([], { cells: canary(4), seen: [seenOf({ matched: 1, unmatched: 1 })] });
    expect(heldIn(stage)).toEqual([
      [true, true, 3],
      [false, true, 4],
    ]);
    const failing = judgingOver(openStore(':memory:'), { judge: broken });
    await failing.next();
    expect(failing.looked).toEqual([]);
  });

  test('is told of gaps, in which nothing was seen', async () => {
    const stage = judgingOver();
    await stage.next([], { cells: canary(3) });
    stage.nowMs += 20_000;
    stage.judging.tick();
    expect(stage.looked.at(-1)?.seen).toEqual({
      ...{ durationMs: 20_000, covered: false, present: false, pairs: 0, requests: 0, byValue: {} },
    });
  });

  test('is nothing when the rollout changed while it was open: the time before belongs to the stage before', async () => {
    const stage = judgingOver();
    await stage.next([], { cells: canary(3) });
    stage.views = [viewOf({ revision: 8 })];
    await stage.next([], { cells: canary(3) });
    await stage.next([], { cells: canary(3) });
    expect(heldIn(stage)).toEqual([
      [true, true, 3],
      [false, false, 0],
      [true, true, 3],
    ]);
    // to the judge it is a block like others: evidence is kept by weight
    expect(stage.tally()).toMatchObject({ covered: 3, requests: 9 });
  });

  test('is nothing of blocks that waited for the store while a stage was left: they are of before', async () => {
    const store = openStore(':memory:');
    let full = false;
    const failing: EvidenceStore = {
      ...store,
      inStep: (work) => (full ? expect.fail('the disk is full') : store.inStep(work)),
    };
    const stage = judgingOver(failing);
    stage.onJudged = () => {
      if (stage.looked.length === 2) stage.views = [viewOf({ revision: 8, weightBp: 2_500 })];
    };
    await stage.next([], { cells: canary(3) });
    full = true;
    const waited = [1, 2, 3].map(() => stage.next([], { cells: canary(3) }));
    full = false;
    const last = stage.next([], { cells: canary(3, 2_500) });
    expect(await Promise.all([...waited, last])).toEqual(['stored', 'stored', 'stored', 'stored']);
    await stage.next([], { cells: canary(3, 2_500) });
    expect(heldIn(stage).map(([, present]) => present)).toEqual([true, true, false, false, false, true]);
  });

  test("counts each value of the stage's scope, whether or not a guard looks at it", async () => {
    const hold = { timeMs: 0, pairs: 0, requests: 0, atMostMs: 0 };
    const city = { name: 'city', weightBp: 500, scope: { country: ['NZ', 'IE'] }, hold, approve: 'automatic' } as const;
    const stage = judgingOver(openStore(':memory:'), {
      views: [viewOf({ guards: [], stages: [city], stage: 'city' })],
    });
    const nz = { arm: 'canary', segment: 'country', segmentValue: 'NZ' } as const;
    await stage.next([], { cells: [...canary(5), cellOf([1, 1], nz)] });
    expect(stage.looked[0]?.seen).toMatchObject({
      requests: 5,
      byValue: { 'country=NZ': { pairs: 0, requests: 2 }, 'country=IE': { pairs: 0, requests: 0 } },
    });
  });
});
