/** One decide socket over the transport that the first argument names; the second is its path. Everyone is canary. */
import { listenHttp2 } from '../src/extproc/http2-transport.ts';
import { createIds } from '../src/extproc/request-id.ts';
import { decideServices } from '../src/extproc/services.ts';
import type { Listener, OpenCall } from '../src/extproc/transport.ts';
import { compileSnapshot, decide } from '../src/routing/decide.ts';
import { rollout } from '../test/unit/routing/rollout.ts';
import { listenGrpcJs } from '../test/wire/grpc-js-decide.ts';

const listeners: Record<string, (path: string, open: OpenCall) => Promise<Listener>> = {
  'grpc-js, stock': listenGrpcJs,
  'node:http2, stock': (path, open) => listenHttp2(path, open, { raiseResetLimit: false }),
  'node:http2, raised limits': listenHttp2,
};

const [transport = '', path = ''] = process.argv.slice(2);
const snapshot = compileSnapshot({
  revision: 1,
  unitKey: '00'.repeat(32),
  rollouts: [rollout({ routes: ['flight-delay'], shadows: [], weightBp: 10_000 })],
});
const services = decideServices(
  {
    decide: (facts) => ({ snapshot: snapshot.snapshot, decision: decide(snapshot, facts) }),
    nextId: createIds(new Uint8Array(8)),
    nowMs: () => performance.now(),
    random: Math.random,
    observer: { opened() {}, decided() {}, faulted() {}, closed() {} },
  },
  () => true,
);
await listeners[transport]?.(path, services);
console.log('serving');
