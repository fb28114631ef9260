/** Sends one marked request and waits until it has gone all the way, or for the deadline. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { ListRolloutsResponse, Pair } from '../gen/understudy/admin/v1/admin.ts';
import { fetchFailure } from './collect.ts';
import { followProbe, type ProbeAnswer, type Step } from './probe.ts';

export interface ProbeRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes it a POST. */
  readonly body: string | undefined;
}

export interface ProbePorts {
  rollouts(): Promise<ListRolloutsResponse>;
  /** The newest. */
  pairs(): Promise<readonly Pair[]>;
}

const ANSWER_TIMEOUT_MS = 30_000;
const ASK_EVERY_MS = 100;

/**
 * The steps as they stand when all is well, or `deadlineMs` after the answer, or when `signal` aborts. The mark is a trace id of its own, which
 * Envoy carries on if it traces; the id in the answer (`x-understudy-id`), if it is sent to users, is another.
 */
export async function sendProbe(
  request: ProbeRequest,
  ports: ProbePorts,
  { deadlineMs = 15_000, signal }: { deadlineMs?: number; signal?: AbortSignal } = {},
): Promise<Step[]> {
  const before = await ports.rollouts();
  const traceId = randomBytes(16).toString('hex');
  const answer = await send(request, traceId);
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const [after, recent] = await Promise.all([ports.rollouts(), ports.pairs()]);
    const id = 'id' in answer ? answer.id : undefined;
    const pairs = recent.filter((pair) => pair.traceId === traceId || pair.id === id);
    const steps = followProbe({ answer, before, after, pairs });
    if ('refusal' in answer || steps.every(({ ok }) => ok) || performance.now() >= endMs || signal?.aborted)
      return steps;
    await wait(ASK_EVERY_MS);
  }
}

async function send({ url, headers, body }: ProbeRequest, traceId: string): Promise<ProbeAnswer> {
  const startMs = performance.now();
  try {
    const answer = await fetch(url, {
      ...(body === undefined ? {} : { method: 'POST', body }),
      headers: { ...headers, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    const id = answer.headers.get('x-understudy-id') ?? undefined;
    return { status: answer.status, ms: performance.now() - startMs, id };
  } catch (error) {
    return { refusal: fetchFailure(error) };
  }
}
