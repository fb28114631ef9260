/** What each arm answered its users, since the release began or the process was started. */
import { emptyArm } from '../evidence/merge.ts';
import { type ArmSummary, summarizeArms } from '../evidence/summary.ts';
import type { Cell } from '../evidence/sums.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Arm } from '../routing/snapshot.ts';
import type { Family } from './exposition.ts';
import { family, latencySamples } from './make-family.ts';
import { ERROR_KINDS } from './pair-families.ts';

const ARMS: readonly Arm[] = ['stable', 'canary'];

export function armFamilies(views: readonly RolloutView[], cells: readonly Cell[]): Family[] {
  const seen = summarizeArms(cells, 0);
  const arms = views.flatMap(({ name: rollout, release, prediction }) =>
    ARMS.map((arm) => ({
      labels: { rollout, arm },
      fields: (prediction?.fields ?? []).map(({ name }) => name),
      summary: seen.find((known) => known.rollout === rollout && known.arm === arm) ?? nothing(rollout, release, arm),
    })),
  );
  const counter = (name: string, help: string, value: (arm: ArmSummary) => number) =>
    family(
      name,
      'counter',
      help,
      arms.map(({ labels, summary }) => ({ labels, value: value(summary) })),
    );
  const times = (name: string, help: string, of: 'latency' | 'userLatency' | 'featureFetch') =>
    family(
      name,
      'summary',
      help,
      arms.flatMap(({ labels, summary }) => latencySamples(labels, summary[of])),
    );
  return [
    counter('arm_requests_total', 'Requests answered, but for those a rule forced.', ({ requests }) => requests),
    counter(
      'arm_forced_total',
      'Requests that a rule forced to the arm: in no other series of it.',
      ({ forced }) => forced,
    ),
    counter('arm_client_errors_total', 'Answers that blame the request.', ({ clientErrors }) => clientErrors),
    family(
      'arm_errors_total',
      'counter',
      'Answers that were errors, by kind; aborted is none.',
      arms.flatMap(({ labels, summary }) =>
        ERROR_KINDS.map((kind) => ({ labels: { ...labels, kind }, value: summary.errors[kind] ?? 0 })),
      ),
    ),
    family(
      'arm_field_missing_total',
      'counter',
      'Answers that lacked a field of `prediction`.',
      arms.flatMap(({ labels, summary, fields }) =>
        fields.map((field) => ({ labels: { ...labels, field }, value: missing(summary, field) })),
      ),
    ),
    times('arm_latency_seconds', 'Time the model took; NaN where too few were seen.', 'latency'),
    times('arm_user_latency_seconds', 'Time the user waited, its own network with it.', 'userLatency'),
    times('arm_feature_fetch_seconds', 'Time the model said it waited for features.', 'featureFetch'),
  ];
}

function missing(summary: ArmSummary, field: string): number {
  const reasons = summary.missing.find((known) => known.field === field)?.reasons ?? {};
  return Object.values(reasons).reduce((sum: number, count) => sum + (count ?? 0), 0);
}

function nothing(rollout: string, release: string, arm: Arm): ArmSummary {
  const key = { rollout, release, weightBp: 0, arm, shadow: '', segment: '', segmentValue: '' };
  const [summary] = summarizeArms([{ key, arm: emptyArm() }], 0);
  if (summary === undefined) throw new Error('a cell of all traffic has a summary');
  return summary;
}
