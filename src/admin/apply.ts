/** Rollouts that are in no file: made, changed, taken back, and read again at the start. */
import type { Config } from '../config/parse.ts';
import { type ParsedRollout, parseRollout } from '../config/parse-rollout.ts';
import { ConfigError, type Problem } from '../config/problem.ts';
import { readSource } from '../config/source.ts';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Controller } from '../rollout/controller.ts';
import { RefusedError } from '../rollout/refused.ts';
import { mustBeCurrent, mustBeInNoFile } from '../rollout/request.ts';
import { type RolloutSpec, specHash } from '../rollout/spec.ts';
import { type RolloutView, reconcile, rollbackCause, viewOf } from '../rollout/state.ts';
import { releaseOf } from '../routing/release.ts';
import { changesOf } from './changes.ts';
import { nonEmpty } from './requests.ts';
import type { ShowRollout } from './rollout-message.ts';

const MAX_TEXT_LENGTH = 256 * 1024;

export interface MadeRollouts {
  /** What every rollout is held to. */
  running(): Config;
  /** As they are stored. */
  texts(): readonly { readonly rollout: string; readonly text: string }[];
}

interface ApplyParts {
  readonly controller: Pick<Controller, 'views' | 'view' | 'events' | 'applyMade'>;
  /** Undefined: all rollouts are in files. */
  readonly made?: MadeRollouts | undefined;
}

/** Throws RefusedError. What is checked and what is stored are the same moment: nothing changes in between. */
export async function applyRollout(
  request: proto.ApplyRolloutRequest,
  { controller, made }: ApplyParts,
  show: ShowRollout,
): Promise<proto.ApplyRolloutResponse> {
  const { spec: text, dryRun, reason, actor, expectedRevision } = request;
  if (made === undefined)
    throw new RefusedError('failed-precondition', 'spec', 'rollouts are only taken from files here');
  const { spec, plain, warnings } = parsed(text, made, controller.views());
  const { name } = spec;
  const known = controller.views().find((view) => view.name === name);
  if (known !== undefined) {
    mustBeInNoFile(known);
    mustBeCurrent(known, expectedRevision);
  } else if ((expectedRevision ?? 0) !== 0) controller.view(name);

  const unchanged = known !== undefined && isSame(spec, known);
  const { view: preview, isNew } = previewOf(spec, known, controller);
  const diff = unchanged ? [] : changesOf(plainOf(name, made), plain);
  const answer = { unchanged, newRelease: isNew, diff: [...diff], warnings: warnings.map(lineOf) };
  if (dryRun || unchanged) return { ...answer, rollout: show(preview), unconfirmedThreads: [] };
  const { unconfirmed } = await controller.applyMade(
    { rollout: name, reason, actor, expectedRevision },
    { spec, text },
  );
  return { ...answer, rollout: show(controller.view(name)), unconfirmedThreads: [...unconfirmed] };
}

function parsed(text: string, { running }: MadeRollouts, views: readonly RolloutView[]): ParsedRollout {
  nonEmpty('spec', text);
  if (text.length > MAX_TEXT_LENGTH) {
    const found = `expected at most ${MAX_TEXT_LENGTH} characters, found ${text.length}`;
    throw new RefusedError('invalid-argument', 'spec', found);
  }
  try {
    return parseRollout(text, 'spec', running(), views);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new RefusedError('invalid-argument', 'spec', error.problems.map(lineOf).join('\n'), { cause: error });
  }
}

/** `3:5: canary.version: expected ...`: the text has no name. */
function lineOf({ line, column, path, message }: Problem): string {
  return `${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** A view holds all of a spec but the weight that is read once. */
function isSame(spec: RolloutSpec, known: RolloutView): boolean {
  const keys = Object.keys(spec).filter((key) => key !== 'initialWeightBp');
  const now = Object.fromEntries(keys.map((key) => [key, known[key as keyof RolloutView]]));
  return specHash(spec) === specHash({ ...now, initialWeightBp: 0 } as unknown as RolloutSpec);
}

function plainOf(name: string, { texts }: MadeRollouts): unknown {
  const stored = fromStore(texts).find(({ rollout }) => rollout === name);
  return stored === undefined ? {} : readSource(stored.text, 'spec').plain;
}

/** Throws RefusedError `unavailable`. */
function fromStore<Read>(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    const message = `what is stored cannot be read: ${(error as Error).message}`;
    throw new RefusedError('unavailable', 'spec', message, { cause: error });
  }
}

/** As it would be. */
function previewOf(
  spec: RolloutSpec,
  known: RolloutView | undefined,
  controller: ApplyParts['controller'],
): { readonly view: RolloutView; readonly isNew: boolean } {
  const { name } = spec;
  const release = releaseOf(spec);
  if (known?.release === release) {
    const { initialWeightBp: _, ...changed } = spec;
    return { view: { ...known, ...changed }, isNew: false };
  }
  const logged = (kind: 'rollback-started' | 'rollout-archived', limit: number) =>
    fromStore(() => controller.events({ rollout: name, kinds: [kind], limit }));
  const stamp = { actor: '', revision: known?.revision ?? 0, timeMs: known?.updatedAtMs ?? 0 };
  const rolledBackBy = () => rollbackCause(logged('rollback-started', 1_000), release);
  const state = reconcile({ specs: [spec], states: [], stamp, reason: undefined, rolledBackBy })?.states[0];
  if (state === undefined) throw new RangeError('a rollout without a state');
  // one that was taken back in this release comes back where a person has to resume it
  const isBack = known === undefined && logged('rollout-archived', 1)[0]?.release === release;
  const paused = { phase: 'paused', cause: 'manual', weightBp: 0, byHand: true } as const;
  return { view: { ...viewOf(spec, state, undefined), ...(isBack ? paused : {}) }, isNew: !isBack };
}

export interface ReadMade {
  readonly specs: readonly RolloutSpec[];
  /** Texts that are no longer good beside this configuration. */
  readonly refused: readonly { readonly rollout: string; readonly error: ConfigError }[];
}

/** What is stored, read beside `running`: each against the file's rollouts and those before it. */
export function readMade(texts: ReturnType<MadeRollouts['texts']>, running: Config): ReadMade {
  const specs: RolloutSpec[] = [];
  const refused: { rollout: string; error: ConfigError }[] = [];
  for (const { rollout, text } of texts) {
    try {
      const fileName = `rollout ${rollout}, as it was applied`;
      specs.push(parseRollout(text, fileName, running, [...running.rollouts, ...specs]).spec);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      refused.push({ rollout, error });
    }
  }
  return { specs, refused };
}

/** Throws ConfigError with what would be wrong with rollouts that are in no file; one that `wanted` has now goes. */
export function mustFitMade(texts: ReturnType<MadeRollouts['texts']>, wanted: Config): void {
  const named = new Set(wanted.rollouts.map(({ name }) => name));
  const { refused } = readMade(
    texts.filter(({ rollout }) => !named.has(rollout)),
    wanted,
  );
  if (refused.length > 0) throw new ConfigError(refused.flatMap(({ error }) => error.problems));
}
