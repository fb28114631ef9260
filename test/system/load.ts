import type { Answer, Stage } from './stage.ts';

/** Requests without a pause from `connections` users at once, until `stop`. */
export interface Load {
  /** Answers since the start; what failed on the connection has status 0. */
  readonly answers: readonly (Answer & { user: string })[];
  /** Resolves when `count` more answers have come. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

export function startLoad(stage: Stage, connections = 16): Load {
  const answers: (Answer & { user: string })[] = [];
  const waiting = new Set<{ at: number; resolve: () => void }>();
  let running = true;
  const users = Array.from({ length: connections }, async (_, lane) => {
    for (let turn = 0; running; turn++) {
      const user = `user-${lane}-${turn % 50}`;
      const failed = (): Answer => ({ status: 0, version: '', body: '', ms: 0 });
      answers.push({ ...(await stage.request({ 'x-user-id': user }, '{"n":1}').catch(failed)), user });
      for (const waiter of waiting) {
        if (answers.length < waiter.at) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    }
  });
  return {
    answers,
    more: (count) => new Promise((resolve) => waiting.add({ at: answers.length + count, resolve })),
    async stop() {
      running = false;
      await Promise.all(users);
    },
  };
}

/** How many answers had each status. */
export function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
