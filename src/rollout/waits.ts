/** Why a release does not go on, and what a person can do about it, one sentence each. Pure. */
import { printedMs } from '../guards/numbers.ts';
import { ALL_BP } from '../guards/subject.ts';
import type { Verdict } from '../guards/verdict.ts';
import { waitsOf } from './machine.ts';
import { placeOf, printedStage } from './stages.ts';
import type { RolloutView } from './state.ts';

/** What is known beside the rollout itself. */
export interface Known {
  /** What its guards say now. */
  readonly verdicts: readonly Verdict[];
  /** What came since then could not be stored. */
  readonly stale: boolean;
  /** Of the event that led to its phase; undefined: not known. */
  readonly reason: string | undefined;
  /** False: its rollback is in force, and not in the store. */
  readonly isStored: boolean;
  /** Decide threads that do not use the present snapshot yet. */
  readonly unconfirmed: readonly string[];
}

type Waiting = Pick<
  RolloutView,
  'name' | 'phase' | 'cause' | 'stage' | 'stages' | 'guards' | 'hold' | 'weightBp' | 'byHand' | 'updatedBy'
> &
  Pick<RolloutView, 'stable' | 'canary'>;

/** The one that counts most first; empty: it goes on, or there is nothing to go on to. */
export function whyItWaits(rollout: Waiting, known: Known): readonly string[] {
  const { phase, stable, canary } = rollout;
  switch (phase) {
    case 'idle':
      return [];
    case 'rolling-back':
      return [`rolled back by ${cameBy(rollout, known)}: ${lackOf(known)}`];
    case 'rolled-back':
      return [`rolled back by ${cameBy(rollout, known)}: a new version is a new release`];
    case 'completed':
      return [`completed: another version than ${canary.version} is a new release`];
    case 'promoted':
      return [completion(`promoted: Envoy's catch-all still leads to ${stable.cluster}`, rollout)];
    case 'paused':
      return whyPaused(rollout, known);
    default:
      return whyHeld(rollout, known);
  }
}

function cameBy({ cause }: Waiting, { reason }: Known): string {
  if (cause === 'abort') return reason === undefined ? 'a person' : `a person: ${reason}`;
  if (reason === undefined) return `a ${cause}`;
  // the reason of a breaker says that it is one
  return cause === 'breaker' ? reason : `${cause} ${reason}`;
}

/** What a rollback that is in force waits for. */
function lackOf({ isStored, unconfirmed }: Known): string {
  const lacks = [
    ...(isStored ? [] : ['it cannot be stored yet, and a restart before it can be would undo it']),
    ...(unconfirmed.length === 0 ? [] : [`not yet confirmed by ${unconfirmed.join(', ')}`]),
  ];
  return lacks.length === 0 ? 'every decide thread has confirmed it, which is not stored yet' : lacks.join('; ');
}

/** To be copied into a shell; what is in capitals is for the reader to fill in. */
function command(verb: string, name: string, ...more: readonly string[]): string {
  return ['understudy', verb, name, ...more, '--reason "..."'].join(' ');
}

function completion(what: string, { name, stable }: Waiting): string {
  return `${what}, so ${stable.version} is still needed; change it, then ${completing(name)}`;
}

function completing(name: string): string {
  return command('complete', name, '--envoy HOST:PORT');
}

function whyPaused(rollout: Waiting, known: Known): string[] {
  const { name, cause, stages, weightBp, updatedBy, stable, canary } = rollout;
  const { reason } = known;
  const paused = `paused (${cause})${reason === undefined ? '' : `: ${reason}`}`;
  const resume = command('resume', name);
  switch (cause) {
    case 'manual':
      if (weightBp === ALL_BP) {
        return [completion(`everybody is on ${canary.version}; Envoy's catch-all leads to ${stable.cluster}`, rollout)];
      }
      return stages.length === 0 ? [] : [`paused (manual): ${updatedBy} set ${weightBp / 100} %: ${resume}`];
    case 'person':
      return [`${paused}: ${resume}`];
    case 'approval':
      return [`waits for approval${reason === undefined ? '' : ` (${reason})`}: ${command('approve', name)}`];
    case 'no-data':
      return [`${paused}; goes on by itself when there is data again, and pauses again when it is resumed before`];
    case 'overdue':
      return [`${paused}; ${resume} gives it the same time again, ${command('promote', name)} overrules its guards`];
    case 'plan-changed':
      return [`${paused}: ${command('weight', name, 'WEIGHT')}, then ${command('resume', name, '--keep-weight')}`];
    default:
      return [`${paused}: ${resume}, or ${command('abort', name)}`];
  }
}

function whyHeld(rollout: Waiting, { verdicts, stale }: Known): string[] {
  const { name, phase, stages, hold, weightBp } = rollout;
  const at = placeOf(stages, rollout);
  const stage = stages[at];
  if (stage === undefined) return [];
  if (at === stages.length - 1) {
    const last = `${stage.name} is the last stage`;
    if (weightBp === 0) return [`${last}: nobody is moved`];
    return [
      `${last} (${printedStage(stage)}); to end it: ${command('weight', name, '100%')}, then ${completing(name)}`,
    ];
  }
  const waits = waitsOf({ stages, guards: rollout.guards }, stage, hold, verdicts).map((wait) => `holds: ${wait}`);
  const over = `its time was over ${printedMs(hold.extendedMs)} ago, pauses after ${printedMs(stage.hold.atMostMs)}`;
  return [
    ...(stale ? ['holds: what was seen cannot be stored, and nobody is promoted until it can be'] : []),
    ...waits,
    ...(waits.length === 0 && hold.silentMs > 0 ? ['holds: nothing was seen in the last block'] : []),
    ...(phase === 'extended' ? [`extended: ${over}; ${command('promote', name)} overrules its guards`] : []),
  ];
}
