import type { Verdict, VerdictStatus } from '../guards/verdict.ts';
import type { Verdicts } from '../judging/verdicts.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Family, Sample } from './exposition.ts';
import { family } from './make-family.ts';
import { words } from './words.ts';

const STATUSES = words<VerdictStatus>({ pass: true, fail: true, hold: true, 'no-data': true, 'not-applicable': true });
/** The worst first: a guard on each value of a segment is shown as its worst. */
const WORST: readonly VerdictStatus[] = ['fail', 'no-data', 'hold', 'pass', 'not-applicable'];

interface Judged {
  readonly labels: { readonly rollout: string; readonly guard: string };
  /** Undefined: not judged yet. */
  readonly verdict: Verdict | undefined;
}

/** What the guards of the configuration say; a share is a fraction of 1, a latency in ms, as in the verdict. */
export function verdictFamilies(views: readonly RolloutView[], verdicts: Verdicts): Family[] {
  const judged = views.flatMap(({ name: rollout, guards }) => {
    const said = verdicts.list(rollout);
    return guards.map(({ name: guard }): Judged => {
      return { labels: { rollout, guard }, verdict: worstOf(said.filter((verdict) => verdict.guard === guard)) };
    });
  });
  const gauge = (name: string, help: string, of: (verdict: Verdict) => number | undefined) =>
    family(name, 'gauge', help, [
      ...judged.map(({ labels, verdict }) => ({ labels, value: (verdict && of(verdict)) ?? Number.NaN })),
    ]);
  return [
    family('guard_status', 'gauge', '1 for the status of the guard, 0 for the others.', judged.flatMap(statusSamples)),
    gauge('guard_value', 'What the guard measures, in its own unit; NaN = nothing to say.', ({ value }) => value),
    gauge('guard_threshold', 'What it is held against, in the same unit.', ({ threshold }) => threshold),
    gauge('guard_e_value', 'Evidence of harm: from 1 / alpha on it is proven.', ({ eValue }) => eValue),
    gauge('guard_n', 'Requests, pairs or units it rests on.', ({ n }) => n),
  ];
}

/** Before the first block it holds. */
function statusSamples({ labels, verdict }: Judged): Sample[] {
  const now = verdict?.status ?? 'hold';
  return STATUSES.map((status) => ({ labels: { ...labels, status }, value: status === now ? 1 : 0 }));
}

function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.toSorted((a, b) => WORST.indexOf(a.status) - WORST.indexOf(b.status))[0];
}
