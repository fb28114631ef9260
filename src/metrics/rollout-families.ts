import { placeOf } from '../rollout/stages.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Cause } from '../rollout/store.ts';
import type { Phase } from '../routing/snapshot.ts';
import type { Family } from './exposition.ts';
import { family } from './make-family.ts';
import { words } from './words.ts';

const PHASES = words<Phase>({
  idle: true,
  shadowing: true,
  baking: true,
  extended: true,
  paused: true,
  'rolling-back': true,
  'rolled-back': true,
  promoted: true,
  holdback: true,
  completed: true,
});

const PAUSES = words<Exclude<Cause, 'plan' | 'archived' | 'breaker' | 'abort'>>({
  manual: true,
  person: true,
  approval: true,
  guard: true,
  'no-data': true,
  environment: true,
  overdue: true,
  'plan-changed': true,
});

/** Where each release is on its way. */
export function rolloutFamilies(views: readonly RolloutView[]): Family[] {
  const each = (of: (view: RolloutView) => number) =>
    views.map((view) => ({ labels: { rollout: view.name }, value: of(view) }));
  return [
    family(
      'rollout_phase',
      'gauge',
      '1 for the phase of the release, 0 for the others.',
      views.flatMap(({ name: rollout, phase: now }) =>
        PHASES.map((phase) => ({ labels: { rollout, phase }, value: phase === now ? 1 : 0 })),
      ),
    ),
    family(
      'rollout_paused',
      'gauge',
      '1 for the cause that the release is paused for, 0 for the others.',
      views.flatMap(({ name: rollout, phase, cause: now }) =>
        PAUSES.map((cause) => ({ labels: { rollout, cause }, value: phase === 'paused' && cause === now ? 1 : 0 })),
      ),
    ),
    family(
      'rollout_stage',
      'gauge',
      'Place of the stage in the plan, from 1; 0 = there is none.',
      each((view) => placeOf(view.stages, view) + 1),
    ),
    family(
      'rollout_hold_seconds',
      'gauge',
      'Covered time of the stage.',
      each(({ hold }) => hold.coveredMs / 1_000),
    ),
    family(
      'rollout_extended_seconds',
      'gauge',
      'How long the stage goes on beyond its time, as its guards do not let it be left.',
      each(({ hold }) => hold.extendedMs / 1_000),
    ),
  ];
}
