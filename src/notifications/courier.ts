/**
 * Tells one webhook the events it asked for, one at a time and in their order, again until it has answered. The events table
 * is the queue: nothing is held here but the event that is being told. Time and chance are passed in.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { EventQuery, RolloutEvent } from '../rollout/store.ts';
import { backoffMs } from './backoff.ts';
import type { Deliveries } from './deliveries.ts';
import { messageIdOf, messageOf } from './message.ts';
import { type Answer, type Post, postTo } from './post.ts';
import { readKeys } from './secret.ts';
import { signatureOf } from './sign.ts';
import { kindsOf, type WebhookSpec } from './spec.ts';

/**
 * `told`: messages that were answered with 2xx; `failed`: tries that were not; `given-up`: events older than 24 h after one more
 * try; `skipped`: events not told, as too many waited; `gone`: answers that nothing is wanted any more.
 */
export type NotificationCounter =
  | 'notifications.told'
  | 'notifications.failed'
  | 'notifications.given-up'
  | 'notifications.skipped'
  | 'notifications.gone';

export interface CourierParts {
  readonly sidecar: string;
  readonly version: string;
  readonly events: (query: EventQuery) => readonly RolloutEvent[];
  readonly deliveries: Pick<Deliveries, 'noteDelivery'>;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Since the epoch. */
  readonly wallMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly count: (name: NotificationCounter) => void;
  readonly log: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  readonly post?: (post: Post, signal: AbortSignal) => Promise<Answer>;
}

export interface Courier {
  use(spec: WebhookSpec): void;
  /** Begins to tell what is to be told, if it is not doing so. Returns at once, never throws. */
  tick(): void;
  /** Gives up the request in flight; `forgotten`: what it is still told is noted nowhere. Never rejects. */
  stop(how?: 'forgotten'): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const GIVE_UP_MS = 24 * 3_600_000;
const MAX_LAG = 10_000;
const PAGE = 16;
/** After the store failed. */
const RETRY_MS = 5_000;

/** `told`: the last event it was told; undefined = it is new, and begins with the next one. */
export function createCourier(first: WebhookSpec, told: number | undefined, parts: CourierParts): Courier {
  const { sidecar, version, events, deliveries, nowMs, wallMs, random, count, log } = parts;
  const { env = process.env, timeoutMs = TIMEOUT_MS, post = postTo } = parts;
  const stopping = new AbortController();
  const say = (what: string) => log(`webhook ${first.name}: ${what}`);
  let spec = first;
  let position = told;
  let noted = told;
  let failures = 0;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let noteNotBeforeMs = Number.NEGATIVE_INFINITY;
  /** Said once, and again when it is another. */
  let trouble = '';
  let isGone = false;
  let isForgotten = false;
  let isNoteFailing = false;
  let isAsked = false;
  let running: Promise<void> | undefined;
  void checkSecret();

  return {
    use(wanted) {
      const isElsewhere = wanted.url !== spec.url;
      spec = wanted;
      void checkSecret();
      if (!isElsewhere) return;
      isGone = false;
      failures = 0;
      notBeforeMs = Number.NEGATIVE_INFINITY;
    },
    tick,
    async stop(how) {
      isForgotten = how === 'forgotten';
      stopping.abort();
      await running;
    },
  };

  function tick(): void {
    isAsked = true;
    if (running !== undefined || isGone || stopping.signal.aborted || nowMs() < notBeforeMs) return;
    isAsked = false;
    running = run().finally(() => {
      running = undefined;
      // there may be an event since it looked last
      if (isAsked) tick();
    });
  }

  async function run(): Promise<void> {
    try {
      while (!stopping.signal.aborted && (await goOn()));
    } catch (error) {
      notBeforeMs = nowMs() + RETRY_MS;
      troubled(`events cannot be read: ${(error as Error).message}`);
    }
    note();
  }

  /** False: there is nothing to be told now. */
  async function goOn(): Promise<boolean> {
    const newest = events({ limit: 1 })[0]?.number ?? 0;
    position ??= newest;
    if (newest - position > MAX_LAG) skipTo(newest - MAX_LAG);
    if (newest === position) return false;
    const page = events({ after: position, kinds: kindsOf(spec.words), limit: PAGE });
    const event = page.find(({ rollout }) => spec.rollouts.length === 0 || spec.rollouts.includes(rollout));
    if (event !== undefined) return tell(event);
    position = page.at(-1)?.number ?? newest;
    await breathe();
    return position < newest;
  }

  function skipTo(wanted: number): void {
    const from = position ?? wanted;
    for (let number = from; number < wanted; number++) count('notifications.skipped');
    say(`${wanted - from} events are not told, as more than ${MAX_LAG} waited`);
    position = wanted;
  }

  async function tell(event: RolloutEvent): Promise<boolean> {
    const { url } = spec;
    const answer = await attempt(event);
    if (answer.result === 'told') {
      count('notifications.told');
      if (trouble !== '') say('answers again');
      trouble = '';
      failures = 0;
      position = event.number;
      note();
      return true;
    }
    if (stopping.signal.aborted) return false;
    // what was said at an address that it has no longer is nothing that counts for the new one
    if (url !== spec.url) return true;
    if (answer.result === 'gone') {
      count('notifications.gone');
      say(`wants nothing any more (${answer.reason}); it is told nothing until a restart, or at another url`);
      isGone = true;
      return false;
    }
    count('notifications.failed');
    failures += 1;
    notBeforeMs = nowMs() + backoffMs(failures, random());
    troubled(`${answer.reason}; it is told again later`);
    if (wallMs() - event.timeMs > GIVE_UP_MS) {
      count('notifications.given-up');
      say(`event ${event.number} is given up, as it is more than 24 h old`);
      position = event.number;
    }
    return false;
  }

  async function attempt(event: RolloutEvent): Promise<Answer> {
    const { url, secret } = spec;
    const id = messageIdOf(sidecar, event);
    const body = messageOf(sidecar, event);
    const timestampS = Math.floor(wallMs() / 1_000);
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': `understudy/${version}`,
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
    };
    try {
      if (secret) headers['webhook-signature'] = signatureOf(await readKeys(secret, env), id, timestampS, body);
    } catch (error) {
      return { result: 'failed', reason: `its secret cannot be used: ${(error as Error).message}` };
    }
    return post({ url, headers, body }, AbortSignal.any([stopping.signal, AbortSignal.timeout(timeoutMs)]));
  }

  /** What cannot be noted is told again after a restart. */
  function note(): void {
    if (isForgotten || position === undefined || position === noted || nowMs() < noteNotBeforeMs) return;
    try {
      deliveries.noteDelivery(first.name, position);
      noted = position;
      isNoteFailing = false;
    } catch (error) {
      noteNotBeforeMs = nowMs() + RETRY_MS;
      if (!isNoteFailing) say(`what it was told cannot be stored: ${(error as Error).message}`);
      isNoteFailing = true;
    }
  }

  async function checkSecret(): Promise<void> {
    if (spec.secret === undefined) return;
    await readKeys(spec.secret, env).catch((error: Error) => say(`its secret cannot be used: ${error.message}`));
  }

  function troubled(what: string): void {
    if (what !== trouble) say(what);
    trouble = what;
  }
}
