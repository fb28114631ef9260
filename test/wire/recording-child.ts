/**
 * Records rows and blocks with numbers from `from` on into a folder, as fast as it can: its clock goes seven minutes a step, so
 * that parts become segments all the time. Says how many of each are safe. Kills itself at its file operation number `dieAt`,
 * before it is done; a write by halves.
 */
import files, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { emptyArm, mergeCells } from '../../src/evidence/merge.ts';
import { cellFromJson, cellToJson } from '../../src/evidence/serialize.ts';

const [directory = '', from = '0', startMs = '0', dieAt = '1'] = process.argv.slice(2);
let operations = 0;
const isTheEnd = () => ++operations === Number(dieAt);
const die = () => process.kill(process.pid, 'SIGKILL');
for (const name of ['open', 'rename', 'rm'] as const) {
  const real: (...args: never[]) => unknown = files[name];
  const deadly = (...args: never[]) => {
    if (isTheEnd()) die();
    return real(...args);
  };
  Object.assign(files, { [name]: deadly });
}
syncBuiltinESMExports();
const { Recorder } = await import('../../src/recording/recorder.ts');

async function write(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const isLast = isTheEnd();
  await handle.writeFile(isLast ? bytes.subarray(0, bytes.length / 2) : bytes);
  if (isLast) die();
}

const STEP_MS = 7 * 60_000;
const ROWS = 40;

let nowMs = Number(startMs);
const safe = { rows: 0, blocks: 0 };
const say = () => process.stdout.write(`safe ${safe.rows} ${safe.blocks}\n`);
const recorder = new Recorder(
  { directory, sampleBp: 10_000, maxBytesPerDay: 2 ** 40, maxAgeMs: 2 ** 40, maxBytes: 2 ** 40, requests: false },
  { codec: { mergeCells, cellToJson, cellFromJson }, count: () => {}, nowMs: () => nowMs, write },
);
const side = { version: '1', cluster: 'c', status: 200 };

for (let step = 0; ; step++) {
  const rows = Array.from({ length: ROWS }, (_, index) => rowText(Number(from) + step * ROWS + index));
  recorder.take({
    rows,
    characters: rows.join('').length,
    done() {
      safe.rows += ROWS;
      say();
    },
  });
  const key = { rollout: 'r', release: 'a', weightBp: 0, arm: 'stable', shadow: '', segment: 'number' } as const;
  const segmentValue = String(Number(from) + step);
  const cell = { key: { ...key, segmentValue }, arm: { ...emptyArm(), requests: 1 } };
  recorder.takeBlock({ startMs: nowMs, durationMs: 10_000, cells: [cell] }, () => {
    safe.blocks++;
    say();
  });
  nowMs += STEP_MS;
  await recorder.work();
}

function rowText(number: number): string {
  const [id, unit] = [number.toString(16).padStart(32, '0'), 'u'];
  const decided = {
    rollout: 'r',
    release: 'a',
    revision: 1,
    weightBp: 0,
    arm: 'stable',
    reason: 'hash',
    segments: {},
    unit,
  };
  const rest = { shadow: '', referenced: true, answeredBy: 'reference', reference: side, fields: '[]', kept: false };
  return JSON.stringify({ id, timeMs: nowMs, ...decided, ...rest });
}
