/** What contradicts each other in what is compared and kept: captured bytes, folders. Looks only at what is well-formed. */
import type { Contradiction } from './contradiction.ts';
import type { ConfigFile, RolloutEntry } from './schema.ts';
import type { Path } from './source.ts';
import type { WellFormed } from './well-formed.ts';

type Rollout = WellFormed<RolloutEntry> | undefined;

export function findComparedContradictions(file: WellFormed<ConfigFile>): Contradiction[] {
  return [...(file.rollouts ?? []).flatMap(uncaptured), ...unrecordedRequests(file), ...recordingInStore(file)];
}

/** A source as it is written, and where it stands. */
type Placed = readonly [source: object | undefined, path: Path];

function uncaptured(rollout: Rollout, i: number): Contradiction[] {
  const { request, response } = rollout?.capture ?? {};
  return placedSources(rollout, ['rollouts', i, 'prediction']).flatMap(([source, path]): Contradiction[] => [
    ...(has(source, 'at') && response === 0
      ? [{ path: [...path, 'at'], expected: 'capture.response above 0 for it' }]
      : []),
    ...(has(source, 'request') && request === 0
      ? [{ path: [...path, 'request'], expected: 'capture.request above 0 for it' }]
      : []),
  ]);
}

function has(source: object | undefined, key: string): boolean {
  return Object.entries(source ?? {}).some(([name, value]) => name === key && value !== undefined);
}

function placedSources(rollout: Rollout, at: Path): Placed[] {
  const { fields, timings } = rollout?.prediction ?? {};
  const ofFields = Object.entries(fields ?? {}).flatMap(([name, field]): Placed[] => {
    const path = [...at, 'fields', name];
    const { compare } = field ?? {};
    const amount = compare !== undefined && 'class' in compare ? compare.class?.amount : undefined;
    return [
      [field, path],
      [amount, [...path, 'compare', 'class', 'amount']],
    ];
  });
  return [...ofFields, [timings?.featureFetch, [...at, 'timings', 'featureFetch']]];
}

function unrecordedRequests({ recording, rollouts = [] }: WellFormed<ConfigFile>): Contradiction[] {
  const bytes = (rollouts ?? []).map((rollout) => rollout?.capture?.request);
  if (recording?.requests !== true || bytes.some((each) => each !== 0)) return [];
  return [{ path: ['recording', 'requests'], expected: 'capture.request above 0 in a rollout for it' }];
}

function recordingInStore({ recording, store }: WellFormed<ConfigFile>): Contradiction[] {
  const directory = recording?.directory?.replace(/\/+$/, '');
  if (directory === undefined || store === undefined || !`${directory}/`.startsWith(`${store}/`)) return [];
  return [{ path: ['recording', 'directory'], expected: 'a folder of its own', reason: 'that is the file of store' }];
}
