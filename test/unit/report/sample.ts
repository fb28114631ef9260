/** A day of a rehearsal like the demo's: version 2 is fine but for one state, where it answers in minutes and not in hours. */

import type { RecordedRow } from '../../../src/recording/row.ts';
import type { TimedCell } from '../../../src/report/gather.ts';
import {
  armCell,
  armOf,
  classField,
  differingField,
  HOUR,
  numberField,
  pairCell,
  pairsOf,
  rowOf,
  START,
  sideOf,
  timed,
} from './cells.ts';

export const DAY = { fromMs: START, untilMs: START + 24 * HOUR };

/** Numbers that look random and are the same each time. */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const STATES = ['CA', 'TX', 'NY', 'FL', 'IL', 'GA', 'CO', 'WA', 'NZ', 'OH'];

export function sampleDay(pairsAnHour = 200): { cells: TimedCell[]; rows: RecordedRow[] } {
  const random = pseudoRandom(7);
  const cells: TimedCell[] = [];
  const rows: RecordedRow[] = [];
  const normal = () => random() + random() + random() + random() - 2;
  for (let minute = 90; minute < 24 * 60; minute += 10) {
    const hour = minute / 60;
    if (hour >= 13 && hour < 14) continue;
    const startMs = START + minute * 60_000;
    const count = Math.round((pairsAnHour / 6) * (1 + 0.6 * Math.sin((hour / 24) * 2 * Math.PI)));
    const made = Array.from({ length: count }, () => {
      const state = STATES[Math.floor(random() ** 1.5 * STATES.length)] ?? 'CA';
      const delay = Math.max(1, 20 + 9 * normal());
      const latency = 12 * Math.exp(0.5 * normal());
      const slow = minute < 100 ? 2.2 : 1.06;
      return {
        state,
        delay,
        latency,
        other: latency * slow * Math.exp(0.2 * normal()),
        wrong: state === 'CO',
        late: delay > 30,
      };
    });
    const fieldsOf = (some: typeof made) => {
      const values = some.map(
        ({ delay, wrong }, n) => [delay, wrong ? delay * 60 : n % 97 === 0 ? delay * 1.2 : delay * 1.002] as const,
      );
      const disagreeing = values.filter(([a, b]) => Math.abs(b - a) > 0.05 * a).length;
      const twinOnly = Math.round(some.length / 300);
      const noise = { both: 0, candidateOnly: disagreeing, twinOnly, neither: some.length - disagreeing - twinOnly };
      const late = some.filter((one) => one.late && !one.wrong).length;
      const flipped = some.filter((one) => one.wrong && !one.late).length;
      return [
        numberField('delay', values, disagreeing, { noise }),
        classField(
          'verdict',
          [
            ['on time', 'on time', some.length - late - flipped],
            ['late', 'late', late],
            ['on time', 'late', flipped],
          ],
          flipped * 70.8,
        ),
      ];
    };
    const pairsFor = (some: typeof made) =>
      pairsOf({
        pairs: some.length,
        reference: some.map(({ latency }) => latency),
        candidate: some.map(({ other }) => other),
        fields: fieldsOf(some),
        changes: { bodiesCompared: some.length, sameBody: 0, unequal: minute % 60 === 0 ? { 'request-bytes': 1 } : {} },
      });
    cells.push(
      timed(
        armCell(
          armOf(
            made.map(({ latency }) => latency),
            { forced: 1, clientErrors: 1, errors: minute % 120 === 0 ? { timeout: 1 } : {} },
          ),
        ),
        startMs,
        600_000,
      ),
    );
    cells.push(timed(pairCell(pairsFor(made)), startMs, 600_000));
    for (const state of new Set(made.map((one) => one.state))) {
      const some = made.filter((one) => one.state === state);
      cells.push(timed(pairCell(pairsFor(some), { segment: 'state', segmentValue: state }), startMs, 600_000));
    }
    const example = made.find(({ wrong }) => wrong);
    if (example !== undefined) {
      rows.push(
        rowOf({
          id: minute.toString(16).padStart(32, '0'),
          timeMs: startMs + 1_000,
          segments: { state: 'CO' },
          kept: true,
          agree: false,
          fields: differingField('delay', Number(example.delay.toFixed(2)), Number((example.delay * 60).toFixed(2))),
          candidate: sideOf('2.0.0', { latencyMs: 14.2 }),
        }),
      );
    }
  }
  return { cells, rows };
}
