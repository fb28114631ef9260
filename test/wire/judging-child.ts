/**
 * An observe room and the loop that judges, over a store and a socket, as a sidecar has them; its clock runs a hundred times
 * as fast, so that a block is a tenth of a second. Each block is delivered twice. Says what is stored once it is. Kills itself
 * at its store operation number `dieAt` (0 = never): before a step, in the middle of its transaction, or after it.
 */
import { ProxyTracerProvider } from '@opentelemetry/api';
import { createObserveRoom } from '../../src/accesslog/observe-room.ts';
import { guardedByRollout } from '../../src/judging/guarded.ts';
import { createJudging } from '../../src/judging/loop.ts';
import type { EvidenceStore, StepWrites } from '../../src/judging/store.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { guardOf, tallyJudge } from '../unit/judging/stage.ts';
import { rollout } from '../unit/routing/rollout.ts';

const SPEED = 100;
const RELEASE = '2.0.0-00000000';

const [path = '', address = '', thread = '', dieAt = '0'] = process.argv.slice(2);
let operations = 0;
function mayDie(): void {
  if (++operations === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
}

const store = openStore(path);
const deadly: EvidenceStore = {
  ...store,
  inStep(work) {
    mayDie();
    const result = store.inStep((writes) => {
      const each = Object.entries(writes).map(([name, write]: [string, (...given: never[]) => unknown]) => [
        name,
        (...given: never[]) => {
          mayDie();
          return write(...given);
        },
      ]);
      const done = work(Object.fromEntries(each) as StepWrites);
      mayDie();
      return done;
    });
    mayDie();
    return result;
  },
};

const guarded = { ...rollout(), release: RELEASE, weightBp: 500, guards: [guardOf({ what: { metric: 'srm' } })] };
const nowMs = () => performance.now() * SPEED;
const room = createObserveRoom(
  { revision: 7, unitKey: '', rollouts: [guarded] },
  {
    ...{ nowMs, wallMs: Date.now, random: () => 0.5, tracer: new ProxyTracerProvider().getTracer('test') },
    settings: {
      redact: { paths: [], headers: [], patterns: [] },
      recording: undefined,
      guarded: guardedByRollout([guarded]),
    },
    origin: { sidecar: store.sidecarId(), thread },
  },
);
const judging = createJudging({
  ...{ store: deadly, judge: tallyJudge, views: () => [guarded], count: () => {}, log: console.error },
  ...{ nowMs, wallMs: Date.now },
});

function take(): void {
  for (const block of room.report().closed) {
    void judging.takeBlock(block).then((taken) => console.log(`${taken} ${block.id.thread} ${block.id.sequence}`));
    void judging.takeBlock(block);
  }
}
const timer = setInterval(take, 5);
process.once('SIGTERM', async () => {
  await room.stop(10 * 60_000);
  clearInterval(timer);
  take();
  store.close();
  console.log('stopped');
});
await room.serve(address);
console.log('serving');
