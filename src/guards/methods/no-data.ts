/** For how long nothing was there to look at. What was not covered is nothing seen: nobody promotes on silence. */
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import { NOTHING } from './finding.ts';
import { strataOf } from './side.ts';

export interface NoDataState {
  /** ms since something was seen; since the start when nothing ever was. */
  readonly silentMs: number;
  readonly n: number;
  readonly ms: number;
}

export const noDataMethod: GuardMethod<NoDataState> = {
  sums(_spec, input): LimitSums | undefined {
    return { n: seenIn(input) };
  },

  /** Silence is what it rests on: minN does not ask for more. */
  read({ minN }, { n = 0 }): LimitSample {
    return { value: n, n: Math.max(n, minN), broken: n === 0 };
  },

  start(): NoDataState {
    return { silentMs: 0, n: 0, ms: 0 };
  },

  step(_spec, { silentMs, n, ms }, input): NoDataState {
    const seen = input.covered ? seenIn(input) : 0;
    return { silentMs: seen > 0 ? 0 : silentMs + input.durationMs, n: n + seen, ms: ms + input.durationMs };
  },

  /** `value`: ms of silence. */
  find({ forMs }, { silentMs, n, ms }): Finding {
    const shown = silentMs > 0 && silentMs >= forMs ? 'harm' : silentMs === 0 && ms > 0 ? 'fine' : undefined;
    return { ...NOTHING, value: silentMs, n, shown, windowMs: ms };
  },
};

function seenIn(input: GuardInput): number {
  return strataOf(input).reduce((sum, { canary }) => sum + (canary?.requests ?? 0), 0);
}
