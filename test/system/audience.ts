/** Users who ask at a steady rate, whether or not answers come; who asks what follows from a seed. */
import type { Seen } from '../../demo/split.ts';
import type { Answer, Stage } from './stage.ts';

export interface Seat {
  /** Asked under `/<rollout>/`. */
  readonly rollout: string;
  readonly ratePerSecond: number;
  readonly seed: number;
}

export interface SeenAnswer extends Seen {
  /** 0: no answer came. */
  readonly status: number;
}

export interface Audience {
  /** In order of arrival. */
  answersOf(rollout: string): readonly SeenAnswer[];
  /** Asks no more; resolves when all is answered. */
  stop(): Promise<void>;
}

const TICK_MS = 10;
/** A machine that falls behind is not asked all at once. */
const MAX_IN_FLIGHT = 200;
const USERS = 3_000;
const STATES = ['CO', 'NZ', 'CA', 'NY'] as const;

export function startAudience(stage: Stage, seats: readonly Seat[]): Audience {
  const answers = new Map(seats.map(({ rollout }) => [rollout, [] as SeenAnswer[]]));
  const rows = seats.map((seat) => ({ ...seat, sent: 0, random: randomFrom(seat.seed) }));
  const open = new Set<Promise<void>>();
  const startMs = performance.now();

  const request = async ({ rollout, random }: (typeof rows)[number]): Promise<void> => {
    const user = `user-${Math.floor(random() * USERS)}`;
    const state = STATES[Math.floor(random() * STATES.length)] ?? 'CO';
    const body = JSON.stringify({ n: Math.floor(random() * 1_000) });
    const sentMs = performance.now();
    const failed = (): Answer => ({ status: 0, version: '', body: '', ms: 0 });
    const headers = { 'x-user-id': user, 'x-geo-state': state };
    const { status, version } = await stage.request(headers, body, `/${rollout}/infer`).catch(failed);
    answers.get(rollout)?.push({ user, version, status, sentMs, answeredMs: performance.now() });
  };
  const timer = setInterval(() => {
    for (const row of rows) {
      const due = Math.floor(((performance.now() - startMs) * row.ratePerSecond) / 1_000);
      for (; row.sent < due; row.sent++) {
        if (open.size >= MAX_IN_FLIGHT) continue;
        const asking: Promise<void> = request(row).finally(() => open.delete(asking));
        open.add(asking);
      }
    }
  }, TICK_MS);

  return {
    answersOf: (rollout) => answers.get(rollout) ?? [],
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
