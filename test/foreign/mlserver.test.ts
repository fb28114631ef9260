/**
 * Two models on MLServer behind a real Envoy and Understudy. What Understudy says of their agreement is what scikit-learn
 * says of it without any server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import type { FieldDifference, Pair } from '../../src/gen/understudy/admin/v1/admin.ts';
import { Stage } from '../system/stage.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import {
  inferenceRequest,
  type ModelServer,
  mlserverEnvironment,
  type Offline,
  startMlserver,
  train,
} from './mlserver.ts';

const PATH = '/v2/models/iris/infer';
const JSON_TYPE = { 'content-type': 'application/json' };
/** Of a probability; what lies beyond may be another order of adding up. */
const DIGITS = 6;

const found = await mlserverEnvironment();
if ('lacks' in found) console.error(`skipped: ${found.lacks}`);

describe.skipIf('lacks' in found)('behind a real Envoy, MLServer', () => {
  const environment = 'folder' in found ? found.folder : '';
  const folder = mkdtempSync(join(tmpdir(), 'understudy-foreign-'));
  let servers: readonly ModelServer[] = [];
  let offline: Offline;
  let stage: Stage;

  beforeAll(async () => {
    offline = await train(environment, folder);
    const [v1, v2] = await Promise.all([
      startMlserver(environment, folder, 'v1'),
      startMlserver(environment, folder, 'v2'),
    ]);
    servers = [v1, v2];
    stage = await Stage.start({
      rollout: {
        // the second shadow runs the stable version: a twin
        shadows: [
          { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' },
          { name: 'twin', cluster: 'flight-delay-v3-shadow', version: '1.0.0' },
        ],
      },
      // its answers are compared by what they predict, not byte by byte
      understudy(config) {
        config.rollouts[0].prediction = {
          preset: 'kserve-v2',
          fields: {
            class: { at: '/predict', compare: { class: {} } },
            probability: { at: '/predict_proba', compare: { vector: { maxDivergence: 0.05, k: 1 } } },
          },
        };
      },
      endpoints: { 'model-v1:8080': v1.endpoint, 'model-v2:8080': v2.endpoint, 'model-v3:8080': v1.endpoint },
    });
    for (const row of offline.rows) {
      const { status } = await stage.request(JSON_TYPE, inferenceRequest([row]), PATH);
      expect(status).toBe(200);
    }
    await stage.waitForPairs(2 * offline.rows.length);
  });

  afterAll(async () => {
    await stage?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const pairsOf = async (shadow: string) => (await stage.pairs()).filter((pair) => pair.shadow === shadow);

  test('gives each answer a random id, which makes no pair differ', async () => {
    const answers = await Promise.all(
      [1, 2].map(() => stage.request(JSON_TYPE, inferenceRequest([offline.rows[0] ?? []]), PATH)),
    );
    const ids = answers.map(({ body }) => JSON.parse(body).id);
    expect(new Set(ids).size).toBe(2);
    const twins = await pairsOf('twin');
    expect(twins.length).toBeGreaterThanOrEqual(offline.rows.length);
    expect(twins.filter((pair) => !fieldsAgree(pair))).toEqual([]);
  });

  test('has its outputs taken as fields: no pair lacks a value on either side', async () => {
    for (const pair of [...(await pairsOf('candidate')), ...(await pairsOf('twin'))]) {
      expect(pair.fields.map(({ name }) => name)).toEqual(['class', 'probability']);
      for (const { elements } of pair.fields) {
        expect(elements.map((element) => [element.missingReference, element.missingCandidate])).toEqual([['', '']]);
      }
    }
  });

  test('agrees as the two models agree on the same rows without a server', async () => {
    const pairs = (await pairsOf('candidate')).slice(0, offline.rows.length);
    const { v1, v2 } = offline;
    const agreeing = v1.class.filter((name, row) => name === v2.class[row]).length;
    expect(agreeing).toBeGreaterThan(0);
    expect(agreeing).toBeLessThan(offline.rows.length);
    expect(pairs.filter((pair) => fieldOf(pair, 'class').agree)).toHaveLength(agreeing);

    // log entries of several requests may come in any order
    const rounded = (sides: readonly unknown[]) =>
      JSON.stringify(sides, (_, value) => (typeof value === 'number' ? Number(value.toFixed(DIGITS)) : value));
    const expected = offline.rows.map((_, row) => rounded([v1.probability[row], v2.probability[row]]));
    const said = pairs.map((pair) => {
      const [element] = fieldOf(pair, 'probability').elements;
      return rounded([element?.reference, element?.candidate].map((text) => JSON.parse(text ?? 'null')));
    });
    expect(said.sort()).toEqual(expected.sort());
  });

  test('answers many rows at once, and each is an element of its own', async () => {
    const rows = offline.rows.slice(0, 20);
    await stage.request({ ...JSON_TYPE, 'x-user-id': 'batch' }, inferenceRequest(rows), PATH);
    const batch = (pair: Pair) => fieldOf(pair, 'class').elements.length + fieldOf(pair, 'class').cut === rows.length;
    await expect.poll(async () => (await pairsOf('candidate')).filter(batch).length).toBe(1);
    const [pair] = (await pairsOf('candidate')).filter(batch);
    const { v1, v2 } = offline;
    const differing = rows.filter((_, row) => v1.class[row] !== v2.class[row]).length;
    expect(pair && fieldOf(pair, 'class').elements.filter(({ agree }) => !agree)).toHaveLength(differing);
  });

  test('tells its models by the protocol, and `check --live` finds both alike', async () => {
    const terminal = fakeTerminal();
    const [v1, v2] = servers.map(({ endpoint }) => `http://${endpoint.address}:${endpoint.port}`);
    const endpoints = ['--endpoint', `flight-delay-v1=${v1}`, '--endpoint', `flight-delay-v2=${v2}`];
    const code = await run(['check', stage.configFile, '--live', ...endpoints, '--model', 'iris'], terminal);
    expect(terminal.printed.join('')).toMatch(/^flight-delay +canary .* yes +as stable$/m);
    expect(code).toBe(0);
  });
});

function fieldsAgree({ fields }: Pair): boolean {
  return fields.length > 0 && fields.every(({ agree }) => agree);
}

function fieldOf(pair: Pair, name: string): FieldDifference {
  const field = pair.fields.find((found) => found.name === name);
  if (field === undefined) throw new Error(`the pair has no field ${name}`);
  return field;
}
