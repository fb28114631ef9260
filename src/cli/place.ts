/** Where a rollout is on its way, as commands print it. */
import { formatPercent } from '../config/units.ts';
import type { Rollout, Stage } from '../gen/understudy/admin/v1/admin.ts';
import { grouped } from '../guards/numbers.ts';

/** `2/5 five`; undefined: it has no stages, or is at none of them. */
export function stageText({ stages, stage }: Rollout): string | undefined {
  const at = stages.findIndex(({ name }) => name === stage);
  return at === -1 ? undefined : `${at + 1}/${stages.length} ${stage}`;
}

/** `5 %, country=NZ: 1 h 10 min of 2 h, 12,300 pairs of 10,000`; undefined where nothing is held. */
export function progressText({ stages, stage, progress }: Rollout): string | undefined {
  const present = stages.find(({ name }) => name === stage);
  if (present === undefined || progress === undefined) return undefined;
  const { holdMs, holdPairs, holdRequests } = present;
  const { coveredMs, pairs, requests, extendedMs } = progress;
  const parts = [
    ...(holdMs > 0 ? [`${durationText(coveredMs)} of ${durationText(holdMs)}`] : [durationText(coveredMs)]),
    ...(holdPairs > 0 ? [`${grouped(pairs)} pairs of ${grouped(holdPairs)}`] : []),
    ...(holdRequests > 0 ? [`${grouped(requests)} answers of canary of ${grouped(holdRequests)}`] : []),
    ...(extendedMs > 0 ? [`${durationText(extendedMs)} more`] : []),
  ];
  return `${shareText(present)}: ${parts.join(', ')}`;
}

/** `5 %, country=NZ` */
function shareText({ weightBp, scope }: Stage): string {
  return [formatPercent(weightBp), scope].filter(Boolean).join(', ');
}

export function phaseText({ phase, cause }: Rollout): string {
  // of a plan that goes its way there is nothing more to say
  return cause === '' || cause === 'plan' ? phase : `${phase} (${cause})`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `1 h 10 min`, `2 h`, `50 s`: whole, at most two units. */
export function durationText(ms: number): string {
  const first = UNITS.findIndex(([, size]) => ms >= size);
  if (first === -1) return '0 s';
  let rest = ms;
  const parts = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole === 0 ? '' : `${whole} ${unit}`;
  });
  return parts.filter(Boolean).join(' ');
}
