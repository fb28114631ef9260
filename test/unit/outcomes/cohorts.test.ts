import { expect, test } from 'vitest';
import { newJudge, stepJudge, verdictsOf } from '../../../src/guards/judge.ts';
import { cohortsOf } from '../../../src/outcomes/cohorts.ts';
import { createRipeOutcomes, type RipeMark } from '../../../src/outcomes/ripe.ts';
import { guardOf, judgedOf, seenOf } from '../guards/stage.ts';
import { checkedOf, DAY, exposureOf, RELEASE, startOutcomes, T0 } from './stage.ts';

const guard = (name: string, of: 'ratio' | 'mean' | 'per-unit', attributionMs: number) =>
  guardOf({
    name,
    what: { metric: 'outcome', outcome: 'click', of, attributionMs },
    threshold: { kind: 'below-stable', relative: 0.02 },
    evidence: 'e-value',
    minN: 1,
  });

test('guards that look at the same exposures share a cohort, others have their own; without guards there is none', () => {
  const guards = [
    guard('a', 'ratio', DAY),
    guard('b', 'per-unit', DAY),
    guard('c', 'mean', DAY),
    guard('d', 'ratio', 1),
  ];
  const cohorts = cohortsOf([
    { name: 'ranker', release: 'r', guards },
    { name: 'search', release: 's' },
  ]);
  expect(cohorts.map(({ of, attributionMs }) => [of, attributionMs])).toEqual([
    ['sum', DAY],
    ['mean', DAY],
    ['sum', 1],
  ]);
  expect(new Set(cohorts.map(({ key }) => key)).size).toBe(3);
});

test('a drop of clicks, known a day late, is what the guard on them proves, and no other guard sees it', () => {
  const guards = [guard('ctr', 'ratio', 2 * DAY), guard('later', 'ratio', 9 * DAY)];
  const { store, ripening } = startOutcomes();
  ripening.useCohorts(cohortsOf([{ name: 'ranker', release: RELEASE, guards }]));
  const marks = new Map<string, RipeMark>();
  const ripe = createRipeOutcomes({
    ripeMark: (name) => marks.get(name),
    setRipeMark: (...mark) => marks.set(...mark),
  });
  const exposures = Array.from({ length: 8_000 }, (_, n) =>
    exposureOf(n, { timeMs: T0 + n, arm: n % 2 === 0 ? 'stable' : 'canary' }),
  );
  store.addExposures(exposures, []);
  // half of stable's users click, and a quarter of canary's
  const clicked = exposures.filter(({ arm }, n) => n % (arm === 'stable' ? 4 : 8) < 2);
  store.record(
    clicked.map(({ id, timeMs }) => checkedOf({ id, timeMs: timeMs + 1 }, T0 + DAY)),
    T0 + DAY,
  );
  ripe.add(ripening.ripen(T0 + 3 * DAY));
  let state = newJudge(judgedOf(guards, { rollout: 'ranker', release: RELEASE }));
  state = stepJudge(state, seenOf([], { outcomes: ripe.take('ranker', RELEASE) }));
  const [ctr, later] = verdictsOf(state);
  expect(ctr).toMatchObject({ guard: 'ctr', n: 4_000 });
  expect(ctr?.value).toBeCloseTo(0.5, 1);
  expect(ctr?.eValue).toBeGreaterThan(100);
  expect(later).toMatchObject({ guard: 'later', n: 0 });
});
