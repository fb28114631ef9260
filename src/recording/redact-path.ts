/** Whether a value that is taken from a body may be, hold, or be part of what is redacted there. */
import type { Path, PredictionSpec } from '../prediction/spec.ts';

/** `any`: one step, whatever its name. `deep`: any number of steps. */
type Step = { readonly name: string } | 'any' | 'deep';

export type ElementPlace = Pick<PredictionSpec, 'preset' | 'batch'>;

/** Steps of a JSON Pointer; undefined when it is none. */
export function pointerSteps(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * `redacted`: steps of a redacted pointer, `*` is any step. `path`: where a value is, in each element that `place` takes
 * out of the body, or in the body itself without one. What cannot be told counts as touched.
 */
export function mayTouch(redacted: readonly string[], path: Path, place: ElementPlace | undefined): boolean {
  const own = stepsOf(path);
  return elementPlaces(place).some((prefix) => overlaps(redacted, [...prefix, ...own]));
}

function overlaps(redacted: readonly string[], path: readonly Step[]): boolean {
  for (const [at, step] of path.entries()) {
    const wanted = redacted[at];
    if (wanted === undefined || step === 'deep') return true;
    if (wanted !== '*' && step !== 'any' && step.name !== wanted) return false;
  }
  return true;
}

/** Where elements may be in a body. */
function elementPlaces(place: ElementPlace | undefined): readonly (readonly Step[])[] {
  if (place === undefined) return [[]];
  if (place.batch.at !== undefined) {
    const steps = stepsOf(place.batch.at);
    // what may match many values matches the elements, else the list of them
    return [steps.some((step) => typeof step === 'string') ? steps : [...steps, 'any']];
  }
  const [predictions, outputs] = [{ name: 'predictions' }, { name: 'outputs' }];
  switch (place.preset) {
    case 'json':
      return [[]];
    case 'kserve-v1':
      return [[predictions, 'any']];
    case 'tensorflow-serving':
      return [[predictions], [predictions, 'any'], [{ name: 'results' }, 'any'], [outputs, 'deep']];
    case 'kserve-v2':
      // an element gathers its values from several outputs
      return [[outputs, 'deep']];
    case 'torchserve':
      return [[], ['any']];
  }
}

const JSON_PATH_STEP =
  /^(?:\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)|\['([^'\\]*)'\]|\["([^"\\]*)"\]|\[(\d+)\]|\.\*|\[\*\])/;

function stepsOf(path: Path): readonly Step[] {
  const pointer = pointerSteps(path);
  if (pointer !== undefined) return pointer.map((name) => ({ name }));
  const steps: Step[] = [];
  let rest = path.slice(1);
  while (rest !== '') {
    const match = JSON_PATH_STEP.exec(rest);
    // descendants, filters, slices: anything below
    if (match === null) return [...steps, 'deep'];
    const name = match[1] ?? match[2] ?? match[3] ?? match[4];
    steps.push(name === undefined ? 'any' : { name });
    rest = rest.slice(match[0].length);
  }
  return steps;
}
