/** Whose specs are whose: those of the file, and those that people made. Pure. */
import type { RolloutSpec } from './spec.ts';
import { type RolloutView, viewOf } from './state.ts';
import type { RolloutState } from './store.ts';

export interface Specs {
  readonly ofFile: readonly RolloutSpec[];
  /** None of them has a name that the file has. */
  readonly ofPeople: readonly RolloutSpec[];
}

/** A name that both have is the file's. */
export function specsOf(ofFile: readonly RolloutSpec[], ofPeople: readonly RolloutSpec[]): Specs {
  return { ofFile, ofPeople: ofPeople.filter(({ name }) => !has(ofFile, name)) };
}

/** Names of those of `ofPeople` that the file has taken over. */
export function takenOver({ ofFile }: Specs, ofPeople: readonly RolloutSpec[]): readonly string[] {
  return ofPeople.flatMap(({ name }) => (has(ofFile, name) ? [name] : []));
}

/** The file's in its order, then those that people made. */
export function viewsOf(
  { ofFile, ofPeople }: Specs,
  stateOf: (rollout: string) => RolloutState | undefined,
  file: string,
): readonly RolloutView[] {
  const seen = (spec: RolloutSpec, where: string | undefined) => {
    const state = stateOf(spec.name);
    return state ? [viewOf(spec, state, where)] : [];
  };
  return [...ofFile.flatMap((spec) => seen(spec, file)), ...ofPeople.flatMap((spec) => seen(spec, undefined))];
}

function has(specs: readonly RolloutSpec[], name: string): boolean {
  return specs.some((spec) => spec.name === name);
}
