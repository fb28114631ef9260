/**
 * What does a pair cost? `npm run bench:pairs [-- --pairs 200000 --memory 2000000 --through-envoy 30000]`
 *
 * First the observe room alone: log messages as Envoy sends them are decoded, joined, read (1 kB of JSON, three fields),
 * compared, summed (two segments, ten values each) and recorded. CPU is that of the thread, from the operating system.
 * Then its memory over many more pairs, with 10,000 values of a segment. Then all of it behind a real Envoy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { logMessages } from './log-messages.ts';
import { startObserving } from './observing.ts';
import { pairsThroughEnvoy } from './pairs-through-envoy.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '200000' },
    memory: { type: 'string', default: '2000000' },
    'through-envoy': { type: 'string', default: '30000' },
  },
});
/** 10 million pairs in two hours. */
const GOAL_PER_SECOND = 1_400;
const WARM_UP = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-'));
try {
  await cost('without recording', Number(values.pairs), undefined);
  await cost('recording every row', Number(values.pairs), join(folder, 'recording'));
  await memory(Number(values.memory));
  await pairsThroughEnvoy(Number(values['through-envoy']));
} finally {
  rmSync(folder, { recursive: true });
}

async function cost(what: string, pairs: number, directory: string | undefined): Promise<void> {
  const observing = await startObserving(directory);
  await observing.run(logMessages(WARM_UP, { segmentValues: 10, from: 0 }));
  const before = { own: process.threadCpuUsage(), all: process.cpuUsage(), startMs: performance.now() };
  const seen = await observing.run(logMessages(pairs, { segmentValues: 10, from: WARM_UP }));
  const own = process.threadCpuUsage(before.own);
  const all = process.cpuUsage(before.all);
  const seconds = (performance.now() - before.startMs) / 1_000;
  const perPairUs = (own.user + own.system) / seen;
  const core = (perPairUs * GOAL_PER_SECOND) / 1e6;
  console.log(
    `${what}: ${seen} pairs, ${Math.round(seen / seconds)}/s; observe thread ${perPairUs.toFixed(0)} us CPU a pair, ` +
      `${((all.user + all.system) / seen).toFixed(0)} us with all other threads; ` +
      `${GOAL_PER_SECOND}/s take ${(100 * core).toFixed(0)} % of a core (goal: below 50 %)`,
  );
  console.log(`   ${observing.said()}`);
  await observing.stop();
}

/** The second half may not need more than the first. */
async function memory(pairs: number): Promise<void> {
  const observing = await startObserving(undefined);
  const steps = 10;
  const used: string[] = [];
  for (let step = 0; step < steps; step++) {
    await observing.run(logMessages(pairs / steps, { segmentValues: 10_000, from: step * (pairs / steps) }));
    globalThis.gc?.();
    used.push((process.memoryUsage().heapUsed / 1_048_576).toFixed(0));
  }
  console.log(`memory, 10,000 values of a segment: heap MiB after each tenth of ${pairs} pairs: ${used.join(' ')}`);
  await observing.stop();
}
