/** What became of one request, step by step, by what was counted before and after it. Pure. */
import type { ListRolloutsResponse, Pair } from '../gen/understudy/admin/v1/admin.ts';
import type { Check } from './check.ts';

export interface Step {
  readonly step: 'answered' | 'decided' | 'copied' | 'logged' | 'paired';
  readonly ok: boolean;
  /** What was seen, or what is missing. */
  readonly saw: string;
}

/** The answer the user would have got, or why there is none. */
export type ProbeAnswer =
  | { readonly status: number; readonly ms: number; readonly id: string | undefined }
  | { readonly refusal: string };

export interface Probe {
  readonly answer: ProbeAnswer;
  readonly before: ListRolloutsResponse;
  readonly after: ListRolloutsResponse;
  /** Pairs that carry the mark of this request. */
  readonly pairs: readonly Pair[];
}

/** What a step that failed is called; whether to copy is the decision's own business and never wrong. */
export const probeFindings: Readonly<Record<Exclude<Step['step'], 'copied'>, Omit<Check, 'find' | 'needs'>>> = {
  answered: {
    id: 'probe-unanswered',
    severity: 'error',
    about: 'The probe got no answer, or an error.',
    why: 'A user would have got the same.',
    mend: 'Look at the address of the probe, and at the model that answers there.',
  },
  decided: {
    id: 'probe-undecided',
    severity: 'error',
    about: 'The probe was not decided.',
    why: 'Requests like it go to stable and are not mirrored.',
    mend: 'Look at the decide filter of the listener, and at the name of the route that matched.',
  },
  logged: {
    id: 'probe-unlogged',
    severity: 'error',
    about: 'A side of the probe was not heard of.',
    why: 'Without both log entries there is no pair.',
    mend: 'Production missing: the access log of the edge. Shadow missing: the mirror slots, the loop and its log.',
  },
  paired: {
    id: 'probe-unpaired',
    severity: 'error',
    about: 'The probe made no pair.',
    why: 'Requests like it are never compared.',
    mend: "Look at Understudy's counters under `understudy status --json`, at those of accesslog and pairing.",
  },
};

/** Each step in order; after one without an answer there are no more. */
export function followProbe({ answer, before, after, pairs }: Probe): Step[] {
  if ('refusal' in answer) return [{ step: 'answered', ok: false, saw: answer.refusal }];
  const by = (name: string) => (after.sidecar?.counters[name] ?? 0) - (before.sidecar?.counters[name] ?? 0);
  const decisions = newDecisions(before, after);
  const decided = decisions.reduce((sum, { count }) => sum + count, 0);
  // others were decided in between: what was counted is then only the least
  const isAlone = decided <= 1;
  const expected = isAlone ? by('decide.mirrored') : 1;
  const seen = isAlone ? Math.max(pairs.length, by('pairing.pairs')) : pairs.length;

  return [
    { step: 'answered', ok: answer.status < 500, saw: `${answer.status} in ${Math.round(answer.ms)} ms` },
    { step: 'decided', ok: decided > 0, saw: decisionText(pairs[0]) },
    { step: 'copied', ok: true, saw: copyText() },
    {
      step: 'logged',
      ok: by('accesslog.production') > 0 && by('accesslog.shadow') >= expected,
      saw: `production ${by('accesslog.production')}, shadow ${by('accesslog.shadow')}`,
    },
    { step: 'paired', ok: seen >= expected, saw: pairText() },
  ];

  function decisionText(pair: Pair | undefined): string {
    if (pair !== undefined) return `${pair.arm} by ${pair.reason}, rollout ${pair.rollout}`;
    if (decided > 0)
      return decisions.map(({ text, count }) => `${text}${count > 1 ? ` (${count} times)` : ''}`).join('; ');
    if (by('decide.unknown-route') > 0) return 'its route belongs to no rollout';
    return by('decide.streams') > 0 ? 'Envoy asked, and there was no decision' : 'Envoy did not ask';
  }

  function copyText(): string {
    const skipped = Object.keys(after.sidecar?.counters ?? {}).filter(
      (name) => name.startsWith('decide.mirror-skipped.') && by(name) > 0,
    );
    const reasons = skipped.map((name) => `${by(name)} left out (${name.split('.').at(-1)})`);
    return [`${by('decide.mirrored')} asked for`, ...reasons].join(', ');
  }

  function pairText(): string {
    const text = pairs.map(({ shadow, reference, candidate }) => {
      const sides = [reference, candidate].map((side) => `${side?.cluster} ${side?.status || 'no answer'}`);
      return `${shadow}: ${sides.join(' and ')}`;
    });
    if (pairs.length > 0) return text.join('; ');
    if (expected === 0) return 'none, as there was no copy';
    return seen > 0 ? `${seen}, by counting` : 'none that carries its mark';
  }
}

function newDecisions(before: ListRolloutsResponse, after: ListRolloutsResponse) {
  return after.rollouts.flatMap((rollout) => {
    const earlier = before.rollouts.find(({ name }) => name === rollout.name)?.decisions ?? [];
    return rollout.decisions.flatMap(({ arm, reason, count }) => {
      const had = earlier.find((one) => one.arm === arm && one.reason === reason)?.count ?? 0;
      return count > had ? [{ count: count - had, text: `${arm} by ${reason}, rollout ${rollout.name}` }] : [];
    });
  });
}
