/** Kills a process that takes releases through their stages, again and again over one store, and looks at what is left. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { startChild } from '../../rig/child.ts';
import { until } from '../../rig/until.ts';
import { weightOf } from '../../src/rollout/stages.ts';
import type { RolloutEvent } from '../../src/rollout/store.ts';
import { openStore } from '../../src/store/sqlite.ts';

const CHILD = new URL('./release-child.ts', import.meta.url).pathname;
/** Each block is about ten operations on the store. */
const MAX_OPERATIONS = 120;

/** What the child said. */
interface Said {
  readonly what: string;
  readonly revision: number;
  readonly phase: string;
  readonly weightBp: number;
  readonly stage: string;
  readonly coveredMs: number;
}

/** Every release takes this way, however often it is interrupted; then odd ones are completed, and even ones rolled back. */
const WAY = [
  ...[
    'release-started shadow',
    'promoted one',
    'paused one',
    'resumed one',
    'promoted five',
    'paused five',
    'approved half',
  ],
  ...['weight-set half', 'weight-set half', 'resumed half', 'promoted all'],
];
const ENDS = { odd: ['completed all'], even: ['rollback-started all', 'rolled-back all'] };

export async function killedReleasesGoOn(kills: number, seed: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'understudy.db');
  let random = seed;
  for (let life = 0; life <= kills; life++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    const isLast = life === kills;
    // others are killed from outside, whatever they are at
    const byItself = life % 4 !== 3;
    const dieAt = isLast || !byItself ? 0 : 1 + ((random >>> 8) % MAX_OPERATIONS);
    const child = await startChild(process.execPath, [
      CHILD,
      path,
      `life-${life}`,
      String(dieAt),
      isLast ? 'last' : '',
    ]);
    onTestFinished(() => child.stop());
    if (!isLast && !byItself) {
      await until(() => !child.running() || child.log().includes('ready'), { what: 'it has started' });
      await wait((random >>> 8) % 200);
      child.signal('SIGKILL');
    }
    expect(await child.exited, child.log()).toMatchObject(isLast ? { code: 0 } : { signal: 'SIGKILL' });
    check(path, said(child.log()), isLast);
  }
}

/** Lines that are whole. */
function said(log: string): Said[] {
  return log.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []));
}

function check(path: string, acknowledged: readonly Said[], isLast: boolean): void {
  const store = openStore(path);
  const [state] = store.states();
  const changes = changesIn(store.events({ after: 0, limit: 100_000 }));
  const revision = store.revision();
  store.close();
  const before = acknowledged.at(-1);
  if (state === undefined) {
    expect(before, 'nothing was acknowledged that is not there').toBeUndefined();
    return;
  }
  // no half one: state and event are of the same revision, and say the same; none is missing
  const { phase, cause, stage } = state;
  const is = JSON.parse(JSON.stringify({ phase, cause, stage, weightBp: weightOf(state) }));
  const newest = changes.at(-1);
  const detail = JSON.parse(newest?.detail ?? '{}');
  expect(newest).toMatchObject({ revision, release: state.release });
  expect(detail.to ?? { phase: detail.phase, cause, stage: detail.stage, weightBp: detail.weightBp }).toEqual(is);
  expect(changes.map((event) => event.revision)).toEqual(Array.from({ length: revision }, (_, i) => i + 1));
  expect(state.revision).toBe(revision);
  // the last one that was acknowledged, or a later one
  if (before !== undefined) {
    expect(revision).toBeGreaterThanOrEqual(before.revision);
    if (revision === before.revision) {
      expect(is).toMatchObject({ phase: before.phase, stage: before.stage, weightBp: before.weightBp });
      expect(state.hold.coveredMs, 'a hold never runs backwards').toBeGreaterThanOrEqual(before.coveredMs);
    }
  }
  waysOf(changes, isLast);
}

/** Without what only says how guards are. */
function changesIn(events: readonly RolloutEvent[]): RolloutEvent[] {
  return events.filter(({ kind }) => kind !== 'guard-failed' && kind !== 'guard-cleared');
}

function waysOf(changes: readonly RolloutEvent[], isLast: boolean): void {
  const releases = [...new Set(changes.map(({ release }) => release))];
  for (const [at, release] of releases.entries()) {
    const took = changes
      // a stage is extended where kills cost it what its guards have already
      .filter((event) => event.release === release && event.kind !== 'extended')
      .map(({ kind, detail }) => `${kind} ${JSON.parse(detail).to?.stage ?? JSON.parse(detail).stage}`);
    const whole = [...WAY, ...(Number.parseInt(release, 10) % 2 === 1 ? ENDS.odd : ENDS.even)];
    const isOver = at < releases.length - 1 || isLast;
    expect(took, release).toEqual(isOver ? whole : whole.slice(0, took.length));
  }
}
