import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { showWhereTheyPart } from '../../../demo/parting.ts';
import { nextBuild, rolloutOf, v2 as second, stageNames, v3 as third, v1 } from '../../../demo/rollout.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import {
  ElementDifference,
  FieldDifference,
  FieldTally,
  type ListPairsRequest,
  Pair,
  type RolloutAdminClient,
  SegmentTally,
  ShadowTally,
  Side,
} from '../../../src/gen/understudy/admin/v1/admin.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';

/** A message of which only some is said. */
function message<Message>(codec: { decode(bytes: Uint8Array): Message }, said: Partial<Message>): Message {
  return { ...codec.decode(new Uint8Array()), ...said };
}

const delay = message(FieldTally, {
  name: 'delay',
  pairs: 4_000,
  agreeing: 3_880,
  referenceP50: 7,
  candidateP50: 7.13,
});
const slip = message(SegmentTally, {
  ...{ field: 'delay', segment: 'state', value: 'CO', pairs: 110, agreement: 0 },
  sentence: 'state=CO: delay 60 x, 100 % of pairs',
});
const close = message(SegmentTally, { ...slip, field: 'late', value: 'RI', sentence: 'state=RI: late differs' });
const v2 = message(ShadowTally, { shadow: 'v2', pairs: 4_000, fields: [delay] });
const v3 = message(ShadowTally, { shadow: 'v3', pairs: 4_000, fields: [delay], worstSegments: [close, slip] });

function pair(id: string, magnitude: number): Pair {
  const element = (reference: unknown, candidate: unknown) =>
    message(ElementDifference, { reference: JSON.stringify(reference), candidate: JSON.stringify(candidate) });
  const fields = [
    { name: 'delay', agree: false, magnitude, elements: [element(10, 10 + magnitude)] },
    { name: 'hours', agree: true, elements: [element([{ item: '06:00' }, { item: '07:00' }], ['06:00'])] },
    {
      name: 'late',
      agree: false,
      elements: [message(ElementDifference, { reference: '"true"', missingCandidate: 'absent' })],
    },
  ].map((field) => message(FieldDifference, field));
  return message(Pair, {
    id,
    reference: message(Side, { status: 200 }),
    candidate: message(Side, { status: 503 }),
    fields,
  });
}

/** What the demo asks for pairs, and what it shows. */
async function shown(tallies: ShadowTally[], pairs: Pair[]) {
  const terminal = fakeTerminal();
  const asked: ListPairsRequest[] = [];
  const admin = {
    listPairs(request: ListPairsRequest, _: unknown, __: unknown, callback: (error: null, answer: object) => void) {
      asked.push(request);
      callback(null, { pairs, cut: false });
    },
  } as unknown as RolloutAdminClient;
  // biome-ignore lint/suspicious/noExplicitAny: the parts of a sidecar that are asked
  const found = await showWhereTheyPart({ sidecar: { admin } as any }, tallies, terminal);
  return { text: terminal.printed.join(''), asked, found };
}

test('all traffic stands beside the worst state of the delay, for each shadow', async () => {
  const { text, asked } = await shown([v2, v3], []);
  expect(text).toMatch(/v2 +everywhere: median 7\.1 minutes, of v2 7\.0 +97\.0 % +4000\n/);
  expect(text).toMatch(/v3 +everywhere: median 7\.1 minutes, of v2 7\.0 +97\.0 % +4000\n/);
  expect(text).toMatch(/v3 +state=CO: delay 60 x, 100 % of pairs +0\.0 % +110\n/);
  expect(text).toContain('Found: for flights from CO');
  expect(text).not.toContain('state=RI');
  const wanted = { shadow: 'v3', segmentName: 'state', segmentValue: 'CO', field: 'delay', keptOnly: true };
  expect(asked).toEqual([expect.objectContaining(wanted)]);
});

test('of the kept pairs the one that differs most is shown, what differs is marked, and what is missing is named', async () => {
  const { text, found } = await shown([v2, v3], [pair('a', 500), pair('b', 700), pair('c', 600)]);
  expect(found?.id).toBe('b');
  expect(text).toMatch(/pair b\n/);
  expect(text).toMatch(/ status +200 +503\n +! delay +10 +710\n +hours +06:00 07:00 +06:00\n +! late +true +absent\n/);
});

test('too few pairs of every state are said, and the slip is claimed of no other state', async () => {
  const early = await shown([v2, { ...v3, worstSegments: [close] }], []);
  expect(early).toMatchObject({ found: undefined, asked: [], text: expect.stringContaining('No state has 20 pairs') });
  const other = await shown([v2, { ...v3, worstSegments: [{ ...slip, value: 'TX', sentence: 'state=TX' }] }], []);
  expect(other.text).toContain('state=TX');
  expect(other.text).not.toContain('Found');
});

test('the demo compares answers as envoy/understudy.yaml does, and the configuration of every act is a good one', () => {
  const file = resolve(import.meta.dirname, '../../../envoy/understudy.yaml');
  const shipped = parse(readFileSync(file, 'utf8')).rollouts[0].prediction;
  const acts = [rolloutOf(v1, second), rolloutOf(second, third), rolloutOf(second, nextBuild('2.1.0'), [third])];
  for (const rollout of acts) {
    expect(rollout.prediction).toEqual(shipped);
    const text = JSON.stringify({ trustedHeaders: ['x-user-id', 'x-geo-state'], rollouts: [rollout] });
    expect(parseConfig(text, 'demo').config.rollouts[0]?.stages.map(({ name }) => name)).toEqual(stageNames);
  }
});
