/** The room that decides: one socket, the newest snapshot, and counts. It does no I/O beside its socket. */
import { createLookUp, type Database } from '../geography/look-up.ts';
import { compileSnapshot, decide } from '../routing/decide.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { createDecideLedger, type DecideReport } from './decide-ledger.ts';
import { Health } from './health.ts';
import { listenHttp2 } from './http2-transport.ts';
import { createMirrorLimit } from './mirror-limit.ts';
import { nowMs } from './now.ts';
import { createIds } from './request-id.ts';
import { proveResets } from './reset-proof.ts';
import { decideServices } from './services.ts';
import type { SessionPorts } from './session.ts';
import type { Listener } from './transport.ts';

export interface DecideRoom {
  use(snapshot: Snapshot): void;
  /** Addresses are looked up in it from now on. */
  useDatabase(database: Database): void;
  /** Proves the reset limits, then serves at `address` and reports SERVING. */
  serve(address: string): Promise<void>;
  report(): DecideReport;
  /**
   * NOT_SERVING at once, and goes on deciding until every Envoy has noticed; then takes no more, and what is open ends.
   * At the latest after `graceMs`, half of it for noticing.
   */
  stop(graceMs: number): Promise<void>;
}

export interface DecideRoomStart {
  readonly snapshot: Snapshot;
  /** undefined = no geography. */
  readonly database: Database | undefined;
  /** How many share the work, and with it the limits of shadows. */
  readonly decideThreads: number;
  /** 8, for ids. */
  readonly randomBytes: Uint8Array;
}

export function createDecideRoom(start: DecideRoomStart): DecideRoom {
  let compiled = compileSnapshot(start.snapshot);
  let lookUp = start.database && createLookUp(start.database);
  const limit = createMirrorLimit(start.decideThreads);
  const health = new Health();
  let asked = 0;
  let listener: Listener | undefined;
  const ledger = createDecideLedger();
  const ports: Omit<SessionPorts, 'observer'> = {
    decide(facts) {
      asked++;
      const decision = decide(compiled, facts, lookUp);
      return { snapshot: compiled.snapshot, decision: decision && limit.apply(decision, performance.now()) };
    },
    nextId: createIds(start.randomBytes),
    nowMs,
    random: Math.random,
  };
  return {
    use: (snapshot) => {
      compiled = compileSnapshot(snapshot);
      limit.use(snapshot);
    },
    useDatabase: (database) => {
      lookUp = createLookUp(database);
    },
    async serve(address) {
      await proveResets(decideServices({ ...ports, observer: createDecideLedger() }, () => false));
      const services = decideServices({ ...ports, observer: ledger }, (asker) => health.answer(asker));
      listener = await listenHttp2(address, services);
      health.start();
    },
    report: () => ledger.take(),
    async stop(graceMs) {
      const deadlineMs = performance.now() + graceMs;
      await health.retire(graceMs / 2, () => asked);
      ledger.cut((await listener?.close(Math.max(0, deadlineMs - performance.now()))) ?? 0);
    },
  };
}
