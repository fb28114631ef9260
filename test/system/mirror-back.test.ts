import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { Stage } from './stage.ts';

const BACK = 'mirror-back';
const ROLLOUT = {
  shadows: [{ name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' }],
  mirrorBack: { cluster: 'flight-delay-v1-shadow', sample: '100%' },
  rules: [],
};

/** Versions that users got. */
async function ask(stage: Stage, count: number): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, n) => stage.request({ 'x-user-id': `user-${n}` }, '{"n":1}')),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(200));
  return [...new Set(answers.map(({ version }) => version))];
}

describe('mirror-back through a real Envoy', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ rollout: ROLLOUT });
  });
  afterAll(() => stage.stop());

  test('gets nothing of what stable answers, and says so', async () => {
    expect(await ask(stage, 20)).toEqual(['1.0.0']);
    const pairs = await stage.waitForPairs(20);
    expect(new Set(pairs.map(({ shadow }) => shadow))).toEqual(new Set(['candidate']));
    const skipped = async () => (await stage.counters())['decide.mirror-skipped.other-arm'] === 20;
    await until(skipped, { what: 'what was not mirrored back is counted' });
    expect(stage.models.v1.seen.filter(({ headers }) => 'x-understudy-role' in headers)).toEqual([]);
  });

  test('goes on with pairs when everybody is on canary: stable is the reference, and users got the candidate', async () => {
    await stage.setWeight(10_000);
    const before = (await stage.pairs()).length;
    expect(await ask(stage, 30)).toEqual(['2.0.0']);
    const all = await stage.waitForPairs(before + 30);
    const pairs = all.filter(({ shadow }) => shadow === BACK);
    expect(pairs).toHaveLength(30);
    for (const pair of pairs) {
      expect(pair).toMatchObject({ arm: 'canary', answeredBy: 'candidate', weightBp: 10_000 });
      expect([pair.reference?.version, pair.candidate?.version]).toEqual(['1.0.0', '2.0.0']);
      expect([pair.reference?.cluster, pair.candidate?.cluster]).toEqual(['flight-delay-v1-shadow', 'flight-delay-v2']);
    }
    const { shadows } = await stage.rollout();
    expect(shadows.map(({ name, twin }) => [name, twin])).toEqual([
      ['candidate', false],
      [BACK, false],
    ]);
  });

  test('that hangs is felt by nobody', async () => {
    stage.models.v1.behaviour = { kind: 'hang' };
    const asked = stage.models.v1.requests;
    expect(await ask(stage, 20)).toEqual(['2.0.0']);
    await until(async () => stage.models.v1.requests === asked + 20, { what: 'the copies have come, and hang' });
    stage.models.v1.behaviour = { kind: 'answer' };
  });
});

test('a rollout with a plan by its name is taken, and begins in the shadow', async () => {
  const prediction = { fields: { served: { header: 'x-model-version', compare: { class: {} } } } };
  const stage = await Stage.start({ rollout: { ...ROLLOUT, prediction, plan: 'fast' } });
  try {
    expect(await stage.rollout()).toMatchObject({ phase: 'shadowing', stage: 'shadow', weightBp: 0 });
    expect(await ask(stage, 10)).toEqual(['1.0.0']);
  } finally {
    await stage.stop();
  }
});
