/** Plays a sequence in memory or over a real socket, and says what came back. */
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { until } from '../../../rig/until.ts';
import { decideServices, PROCESS_PATH } from '../../../src/extproc/services.ts';
import type { SessionFault, SessionPorts } from '../../../src/extproc/session.ts';
import type { OpenCall } from '../../../src/extproc/transport.ts';
import { compileSnapshot, decide } from '../../../src/routing/decide.ts';
import { rollout } from '../../unit/routing/rollout.ts';
import type { Play } from './sequences.ts';

const ID = 'f'.repeat(32);

export interface Outcome {
  readonly answers: readonly Buffer[];
  /** Undefined after a cancel. */
  readonly status: readonly [code: number, reason: string] | undefined;
}

/** The services under test: every unit is on canary, and the header `x-fail` makes the logic throw. */
export class Subject {
  opened = 0;
  closed = 0;
  decisions = 0;
  faults: SessionFault[] = [];
  compiled = subjectSnapshot(7, 10_000);
  readonly services: OpenCall;

  constructor() {
    const ports: SessionPorts = {
      decide: (facts) => {
        const fail = facts.header('x-fail');
        if (fail === 'error') throw new Error('a fault of ours');
        if (fail !== undefined) throw fail;
        return { snapshot: this.compiled.snapshot, decision: decide(this.compiled, facts) };
      },
      nextId: () => ID,
      nowMs: () => 0,
      random: () => 0,
      observer: {
        opened: () => this.opened++,
        decided: () => this.decisions++,
        faulted: (kind) => this.faults.push(kind),
        closed: () => this.closed++,
      },
    };
    this.services = decideServices(ports, () => true);
  }
}

export function subjectSnapshot(revision: number, weightBp: number) {
  const rules = [{ when: { header: { 'x-list': { exact: 'a,b' } } }, arm: 'canary' as const }];
  return compileSnapshot({ revision, unitKey: '00'.repeat(32), rollouts: [rollout({ weightBp, rules })] });
}

/** Every message reaches the handler, also those sent after the end: they may be in one HTTP/2 frame. */
export function playInMemory(services: OpenCall, { send, end = 'half-close' }: Pick<Play, 'send' | 'end'>): Outcome {
  const answers: Buffer[] = [];
  let status: [number, string] | undefined;
  const handler = services({
    path: PROCESS_PATH,
    connection: { destroyed: false },
    metadata: () => undefined,
    send(message) {
      if (status !== undefined) throw new Error('an answer after the end');
      answers.push(Buffer.from(message));
    },
    finish(code, reason = '') {
      status ??= [code, code === 0 ? '' : reason];
    },
  });
  for (const message of send) handler.message(message);
  if (end === 'half-close') handler.halfClosed();
  handler.closed();
  return { answers, status };
}

/** Over a socket, until the stream is over. */
export async function playOverSocket(
  client: Client,
  play: Pick<Play, 'send' | 'end' | 'lockStep' | 'answers'>,
  subject: Subject,
): Promise<Outcome> {
  const { send, end = 'half-close', lockStep = false, answers: expected } = play;
  const stream = new Stream(client);
  let sent = 0;
  for (const message of send) {
    stream.call.write(message);
    sent++;
    if (lockStep) await stream.answered(sent);
  }
  if (end === 'half-close') {
    stream.call.end();
    return { answers: stream.answers, status: await stream.status };
  }
  await stream.answered(expected.length);
  await until(() => subject.opened > 0, { what: 'the stream has arrived' });
  stream.call.cancel();
  await stream.status;
  return { answers: stream.answers, status: undefined };
}

/** One open stream of a client. */
export class Stream {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly answers: Buffer[] = [];
  readonly status: Promise<readonly [number, string]>;
  #more: () => void = () => {};

  constructor(client: Client) {
    const identity = (value: Buffer) => value;
    this.call = client.makeBidiStreamRequest(PROCESS_PATH, identity, identity, new Metadata());
    this.call.on('data', (answer: Buffer) => {
      this.answers.push(answer);
      this.#more();
    });
    this.call.on('error', () => {});
    this.status = new Promise((resolve) =>
      this.call.on('status', ({ code, details }) => resolve([code, code === 0 ? '' : details])),
    );
  }

  /** Resolves when `count` answers are there. */
  async answered(count: number): Promise<void> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
  }
}

export function connect(socketPath: string): Client {
  return new Client(`unix:${socketPath}`, credentials.createInsecure());
}
