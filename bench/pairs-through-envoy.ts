/** Pairs behind a real Envoy: what the observe and record threads of a whole sidecar used for each. */
import { join } from 'node:path';
import { startChild } from '../rig/child.ts';
import { until } from '../rig/until.ts';
import { paced } from './paced.ts';
import { cpuOf, perRequest, residentMiB } from './process-use.ts';
import { startSetUp } from './set-up.ts';

/** What two cores carry beside Envoy, the models and the load. */
const PER_SECOND = 500;

export async function pairsThroughEnvoy(requests: number): Promise<void> {
  const upstream = await startChild(process.execPath, [join(import.meta.dirname, 'upstream.ts'), '1', '2', '3']);
  const ports = await until(() => /ports (.*)/.exec(upstream.log())?.[1]?.split(' ').map(Number), {
    what: 'the upstream',
  });
  const setUp = await startSetUp('decide + shadow + capture + logs', ports);
  try {
    const { sidecar, envoy } = setUp;
    if (sidecar === undefined) throw new Error('the set-up has a sidecar');
    const run = (count: number) =>
      paced({
        port: envoy.port('edge'),
        perSecond: PER_SECOND,
        seconds: count / PER_SECOND,
        headers: (n) => `x-user-id: user-${n % 5_000}\r\nx-geo-state: S${n % 10}\r\n`,
      });
    const pairs = async () => (await sidecar.rollouts()).rollouts[0]?.tallies[0]?.pairs ?? 0;
    await run(2 * PER_SECOND);
    const before = cpuOf(sidecar.pid);
    const pairsBefore = await pairs();
    const answers = await run(requests);
    // what the last requests left behind is joined and shown within a second or two
    await until(async () => (await pairs()) - pairsBefore >= answers.length * 0.99, {
      what: 'pairs',
      timeoutMs: 10_000,
    });
    const made = (await pairs()) - pairsBefore;
    const us = perRequest(before, cpuOf(sidecar.pid), made);
    const shown = ['observe', 'record', 'MainThread', 'V8Worker', 'all'].map(
      (thread) => `${thread} ${(us[thread] ?? 0).toFixed(0)}`,
    );
    console.log(
      `through Envoy at ${PER_SECOND}/s: ${made} pairs of ${answers.length} requests; ` +
        `us CPU a pair by thread: ${shown.join(', ')}; ${residentMiB(sidecar.pid).toFixed(0)} MiB`,
    );
  } finally {
    await setUp.stop();
    await upstream.stop();
  }
}
