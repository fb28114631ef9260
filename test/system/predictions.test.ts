import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { run } from '../../src/cli/program.ts';
import type { ShadowTally } from '../../src/gen/understudy/admin/v1/admin.ts';
import { readRows } from '../../src/recording/reader.ts';
import { Stage } from './stage.ts';
import type { SeenRequest, TestAnswer } from './test-model.ts';

const PREDICTION = {
  preset: 'kserve-v2',
  fields: {
    delay: { at: '/expected_delay_minutes', compare: { number: { abs: 1 } } },
    late: { at: '/late', compare: { class: {} } },
    served: { header: 'x-model-version', compare: { class: {} } },
  },
  timings: { featureFetch: { header: 'x-feature-fetch-ms' } },
};
const CANDIDATE = { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' };
const TWIN = { name: 'twin', cluster: 'flight-delay-v3-shadow', version: '1.0.0' };

/** A batch of two flights; like a real server it puts a random id into each answer. */
function answer(delays: readonly number[], late: readonly boolean[] = [false, true]): TestAnswer {
  const outputs = [
    { name: 'expected_delay_minutes', datatype: 'FP64', shape: [delays.length], data: delays },
    { name: 'late', datatype: 'BOOL', shape: [late.length], data: late },
  ];
  return { headers: { 'x-feature-fetch-ms': '12.5' }, body: { id: randomUUID(), outputs } };
}

const by = (reply: (seen: SeenRequest) => TestAnswer | undefined) => ({ kind: 'by-request' as const, answer: reply });
const tallyOf = async (stage: Stage, shadow: string): Promise<ShadowTally | undefined> =>
  (await stage.rollout()).tallies.find((tally) => tally.shadow === shadow);
const fieldOf = async (stage: Stage, shadow: string, field: string) =>
  (await tallyOf(stage, shadow))?.fields.find(({ name }) => name === field);

/** What is shown follows within a second. */
async function seen(stage: Stage, shadow: string, pairs: number): Promise<ShadowTally> {
  const enough = async () => {
    const tally = await tallyOf(stage, shadow);
    return tally !== undefined && tally.pairs >= pairs ? tally : undefined;
  };
  return until(enough, { what: `${pairs} pairs with ${shadow} in the evidence` });
}

describe('answers through a real Envoy', () => {
  const recording = mkdtempSync(join(tmpdir(), 'understudy-recording-'));
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({
      rollout: { shadows: [CANDIDATE, TWIN], prediction: PREDICTION },
      // so that a copy that is never answered is a timeout within a test's patience
      envoy(config) {
        const [, loop] = config.static_resources.listeners;
        const hcm = loop.filter_chains[0].filters[0].typed_config;
        for (const route of hcm.route_config.virtual_hosts[0].routes) route.route.timeout = '0.5s';
      },
      understudy(config) {
        config.recording = { directory: recording, requests: true };
        config.rollouts[0].capture = { request: '64KiB', response: '64KiB' };
        config.redact = { paths: ['/passenger/name'], patterns: ['\\b\\d{16}\\b'] };
        config.allowBodies = true;
      },
    });
  });
  afterAll(async () => {
    await stage.stop();
    rmSync(recording, { recursive: true });
  });

  test('are compared field by field and element by element, whatever id a server puts into them', async () => {
    stage.models.v1.behaviour = by(() => answer([10, 20]));
    stage.models.v2.behaviour = by(() => answer([10.5, 26]));
    stage.models.v3.behaviour = by(() => answer([10, 20]));
    await stage.request({ 'x-user-id': 'u1' }, '{"n":1}');
    const [pair] = (await stage.waitForPairs(2)).filter(({ shadow }) => shadow === 'candidate');
    const fields = Object.fromEntries((pair?.fields ?? []).map((field) => [field.name, field]));
    expect(fields.delay).toMatchObject({ kind: 'number', agree: false, magnitude: 6 });
    expect(fields.delay?.elements.map(({ agree }) => agree)).toEqual([true, false]);
    expect(fields.late).toMatchObject({ agree: true });
    expect(fields.served).toMatchObject({ agree: false });
    expect(pair?.candidate?.featureFetchMs).toBe(12.5);
    expect(pair?.body).toBe('different');
    const twin = (await stage.pairs()).find(({ shadow }) => shadow === 'twin');
    expect(twin?.fields.find(({ name }) => name === 'delay')).toMatchObject({ agree: true, magnitude: 0 });
  });

  test('that a shadow does not give to hard requests count against it, and never make it look fast', async () => {
    stage.models.v2.behaviour = by(({ body }) => (body.includes('hard') ? undefined : answer([10, 20])));
    const { pairs: before } = await seen(stage, 'candidate', 1);
    const agreeingBefore = (await fieldOf(stage, 'candidate', 'delay'))?.agreeing ?? 0;
    for (let n = 0; n < 6; n++) await stage.request({ 'x-user-id': `u${n}` }, n % 2 === 0 ? '"hard"' : '"easy"');
    const tally = await seen(stage, 'candidate', before + 6);
    expect(tally.candidateErrors).toEqual({ timeout: 3 });
    const delay = await fieldOf(stage, 'candidate', 'delay');
    // of a batch of two, both are missing
    expect(delay).toMatchObject({ pairs: before + 6, agreeing: agreeingBefore + 3, missingCandidate: 6 });
  });

  test('that both sides refuse alike are counted apart, and not as a disagreement', async () => {
    const refused = by(() => ({ status: 400, body: { error: 'no such airport' } }));
    for (const model of Object.values(stage.models)) model.behaviour = refused;
    const before = await seen(stage, 'candidate', 7);
    const pairsBefore = (await fieldOf(stage, 'candidate', 'delay'))?.pairs;
    await stage.request({ 'x-user-id': 'u1' }, '{}');
    const after = await seen(stage, 'candidate', before.pairs + 1);
    expect(after.refusedAlike).toBe(1);
    expect((await fieldOf(stage, 'candidate', 'delay'))?.pairs).toBe(pairsBefore);
  });

  test('of a twin that is noisy are told apart from what the candidate adds', async () => {
    stage.models.v1.behaviour = by(() => answer([10, 20], [false, false]));
    stage.models.v2.behaviour = by(() => answer([10, 20], [true, true]));
    stage.models.v3.behaviour = by(({ body }) =>
      answer([10, 20], body.includes('coin') ? [false, true] : [false, false]),
    );
    const { pairs: before } = await seen(stage, 'candidate', 8);
    for (let n = 0; n < 8; n++) await stage.request({ 'x-user-id': `u${n}` }, n % 4 === 0 ? '"coin"' : '"still"');
    await seen(stage, 'candidate', before + 8);
    const noisy = async () => {
      const late = await fieldOf(stage, 'candidate', 'late');
      return late?.noise !== undefined && late.noise > 0 && late.net !== undefined ? late : undefined;
    };
    const late = await until(noisy, { what: 'the noise of the twin' });
    expect(late.net).toBeLessThan(1 - late.agreeing / late.pairs);
    expect(late.net).toBeGreaterThan(0);
  });

  test('are found by segment: where, how much, and in how many pairs', async () => {
    stage.models.v1.behaviour = by(() => answer([10, 20]));
    stage.models.v2.behaviour = by(({ headers }) => answer(headers['x-geo-state'] === 'CO' ? [600, 1200] : [10, 20]));
    stage.models.v3.behaviour = by(() => answer([10, 20]));
    for (let n = 0; n < 30; n++) await stage.request({ 'x-user-id': `u${n}`, 'x-geo-state': 'CO' }, '{}');
    for (let n = 0; n < 30; n++) await stage.request({ 'x-user-id': `u${n}`, 'x-geo-state': 'WA' }, '{}');
    const worst = async () => (await tallyOf(stage, 'candidate'))?.worstSegments.find(({ field }) => field === 'delay');
    const found = await until(worst, { what: 'the block to be closed', timeoutMs: 25_000 });
    expect(found).toMatchObject({ segment: 'state', value: 'CO', agreement: 0 });
    expect(found.sentence).toMatch(/^state=CO: delay (59|60|61)[.\d]* x, 100 % of pairs$/);
  });

  test('are kept for people: the largest difference, its bodies redacted, side by side', async () => {
    stage.models.v2.behaviour = by(() => ({
      ...answer([9_000, 20]),
      body: { ...(answer([9_000, 20]).body as object), passenger: { name: 'Ada' }, card: '4000123412341234' },
    }));
    await stage.request({ 'x-user-id': 'u1' }, '{"passenger":{"name":"Ada"}}');
    const cli = terminalFor(stage);
    const largest = async () => {
      const { out } = await cli(
        'pairs',
        '--kept',
        '--shadow',
        'candidate',
        '--min-difference',
        '5000',
        '--field',
        'delay',
        '--json',
      );
      return out === '' ? undefined : (JSON.parse(out.split('\n')[0] ?? '') as { id: string });
    };
    const { id } = await until(largest, { what: 'the pair is kept' });
    const { out } = await cli('pair', id, '--bodies');
    expect(out).toContain('9000');
    expect(out).toContain('largest difference of delay');
    expect(out).toContain('***');
    expect(out).not.toMatch(/Ada|4000123412341234/);
  });

  test('are recorded as rows, whose bodies are there for kept pairs only, and can be read when the sidecar has stopped', async () => {
    await stage.sidecar.stop();
    const rows = [];
    for await (const row of readRows(recording, { sinceMs: 0, untilMs: Date.now() + 60_000 })) rows.push(row);
    expect(rows.length).toBeGreaterThan(150);
    const kept = rows.filter((row) => row.kept);
    expect(kept.length).toBeGreaterThan(10);
    expect(rows.filter((row) => !row.kept && row.reference.body !== undefined)).toEqual([]);
    expect(kept.some(({ candidate }) => candidate?.body?.includes('expected_delay_minutes'))).toBe(true);
    expect(rows.some(({ request }) => request?.method === 'POST' && request.body === '"hard"')).toBe(true);
    expect(JSON.stringify(rows)).not.toMatch(/Ada|4000123412341234/);
    await stage.restartSidecar();
    await stage.decides();
  });
});

function terminalFor(stage: Stage) {
  return async (...args: string[]) => {
    let [out, error] = ['', ''];
    const code = await run(['--config', stage.configFile, ...args], {
      out: (text: string) => {
        out += text;
      },
      error: (text: string) => {
        error += text;
      },
      env: {},
      interactive: false,
      signal: new AbortController().signal,
      onHangUp: () => {},
    });
    return { code, out, error };
  };
}

test('pairs of mirrored-back canary users keep their direction: candidate minus reference', async () => {
  const stage = await Stage.start({
    rollout: { shadows: [CANDIDATE, { ...TWIN, name: 'back' }], prediction: PREDICTION },
  });
  onTestFinished(() => stage.stop());
  stage.models.v1.behaviour = by(() => answer([10, 10]));
  stage.models.v2.behaviour = by(() => answer([14, 14]));
  stage.models.v3.behaviour = by(() => answer([10, 10]));
  const differenceOf = async (shadow: string, count: number) => {
    const pairs = (await stage.waitForPairs(count)).filter((pair) => pair.shadow === shadow);
    return pairs.at(-1)?.fields.find(({ name }) => name === 'delay')?.elements[0]?.measures.difference;
  };
  await stage.request({ 'x-user-id': 'u1', 'x-canary': 'never' }, '{}');
  expect(await differenceOf('candidate', 2)).toBe(4);
  await stage.request({ 'x-user-id': 'u1', 'x-canary': 'always' }, '{}');
  expect(await differenceOf('back', 3)).toBe(4);
  const [mirroredBack] = (await stage.pairs()).filter(({ answeredBy }) => answeredBy === 'candidate');
  expect(mirroredBack).toMatchObject({
    shadow: 'back',
    candidate: { version: '2.0.0' },
    reference: { version: '1.0.0' },
  });
});
