import type { Sidecar } from '../rig/sidecar.ts';
import { type PacedAnswer, paced } from './paced.ts';

const CHANGES = 10;
const EACH_SECONDS = 1;

export interface WeightChange {
  /** From the call of SetWeight to its answer: stored, and confirmed by every decide thread. */
  readonly confirmedMs: number;
  /** From the call of SetWeight to the first answer that canary gave to a user. */
  readonly firstCanaryMs: number;
}

/** Raises the weight from 0 to 100 % ten times under load. Leaves it at 0. */
export async function timeWeightChanges(sidecar: Sidecar, port: number, perSecond: number): Promise<WeightChange[]> {
  const waiting: { byCanary?: (answer: PacedAnswer) => void } = {};
  const load = paced({
    port,
    perSecond,
    seconds: CHANGES * EACH_SECONDS,
    headers: (n) => `x-user-id: user-${n % 1_000}\r\n`,
    onAnswer(answer) {
      if (answer.version === '2') waiting.byCanary?.(answer);
    },
  });
  const changes: WeightChange[] = [];
  for (let n = 0; n < CHANGES / 2; n++) {
    const first = new Promise<PacedAnswer>((resolve) => {
      waiting.byCanary = resolve;
    });
    const calledMs = performance.now();
    await setWeight(sidecar, 10_000);
    const confirmedMs = performance.now() - calledMs;
    changes.push({ confirmedMs, firstCanaryMs: (await first).answeredAtMs - calledMs });
    await setWeight(sidecar, 0);
    // what was decided before the weight fell may still be on its way
    await new Promise((resolve) => setTimeout(resolve, EACH_SECONDS * 1_000));
  }
  await load;
  return changes;
}

function setWeight(sidecar: Sidecar, weightBp: number): Promise<unknown> {
  const request = { rollout: 'flight-delay', weightBp, reason: 'bench', actor: 'bench', expectedRevision: undefined };
  return new Promise((resolve, reject) =>
    sidecar.admin.setWeight(request, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
}
