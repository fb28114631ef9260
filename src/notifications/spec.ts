import type { EventKind } from '../rollout/store.ts';

/** What a webhook may ask for. */
export type EventWord = 'phase' | 'guard' | 'weight';

/** Where a secret is; it is read when something is to be signed, and kept nowhere. */
export type SecretPlace = { readonly file: string } | { readonly env: string };

/** Somebody who is told of events, as understudy.yaml says it. */
export interface WebhookSpec {
  /** Used once; what was told is remembered by it. */
  readonly name: string;
  /** May itself be a secret: it is never shown. */
  readonly url: string;
  /** Undefined = not signed. */
  readonly secret: SecretPlace | undefined;
  readonly words: readonly EventWord[];
  /** Empty = all. */
  readonly rollouts: readonly string[];
}

const WORDS: Readonly<Record<EventKind, EventWord>> = {
  'release-started': 'phase',
  'rollout-archived': 'phase',
  'rollout-restored': 'phase',
  promoted: 'phase',
  extended: 'phase',
  paused: 'phase',
  resumed: 'phase',
  approved: 'phase',
  'rollback-started': 'phase',
  'rolled-back': 'phase',
  completed: 'phase',
  'guard-failed': 'guard',
  'guard-cleared': 'guard',
  'weight-set': 'weight',
  'spec-changed': 'weight',
};

/** Undefined for a kind that this version does not know. */
export function wordOf(kind: EventKind): EventWord | undefined {
  return WORDS[kind];
}

/** Kinds of events that a webhook is told. */
export function kindsOf(words: readonly EventWord[]): readonly EventKind[] {
  return (Object.keys(WORDS) as EventKind[]).filter((kind) => words.includes(WORDS[kind]));
}
