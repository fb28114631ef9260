/** What a good file may not mean: allowed, but somebody should know. */
import type { Match } from '../routing/match.ts';
import { notificationWarnings } from './notifications.ts';
import type { ConfigFile, RolloutEntry } from './schema.ts';
import type { Path } from './source.ts';
import type { Warning } from './warning.ts';
import { judgedWarnings } from './warnings-judged.ts';
import { outcomeWarnings } from './warnings-outcomes.ts';

const lowSampleBp = 100;

export function findWarnings(file: ConfigFile): Warning[] {
  return [
    ...bodyWarnings(file),
    ...file.rollouts.flatMap(rolloutWarnings),
    ...sharedSalts(file.rollouts),
    ...outcomeWarnings(file),
    ...notificationWarnings(file),
  ];
}

function bodyWarnings({ allowBodies, recording, redact, rollouts }: ConfigFile): Warning[] {
  const warnings: Warning[] = [];
  const plain = [...redact.paths, ...redact.patterns].length === 0;
  if (allowBodies && plain) {
    const message = 'bodies are shown as they were captured: redact says what is made unreadable';
    warnings.push({ path: ['allowBodies'], message });
  }
  if (recording !== undefined && plain && rollouts.some(({ capture }) => capture.response > 0 || capture.request > 0)) {
    const message = 'bodies of kept pairs are stored as they were captured: redact says what is made unreadable';
    warnings.push({ path: ['recording'], message });
  }
  return warnings;
}

function rolloutWarnings(rollout: RolloutEntry, i: number): Warning[] {
  const { unit, shadows, capture, prediction } = rollout;
  const at = (...steps: Path) => ['rollouts', i, ...steps];
  const warnings: Warning[] = [];
  if (unit.length === 0) {
    const message = 'no unit: the weight moves nobody, only rules with arm: canary do';
    warnings.push({ path: at('unit'), message });
  }
  if (shadows.length === 0) {
    warnings.push({ path: at('shadows'), message: 'no shadows: the canary is not rehearsed before it answers users' });
  } else if (capture.request === 0 && capture.response === 0) {
    const message = 'capture is off: of the pairs only status and latency are compared';
    warnings.push({ path: at('capture'), message });
  } else if (prediction === undefined) {
    const message = 'no prediction: answers are compared as a whole, so a random id in them makes every pair differ';
    warnings.push({ path: at('prediction'), message });
  }
  return [...warnings, ...shadowWarnings(rollout, at), ...ruleWarnings(rollout, at), ...judgedWarnings(rollout, at)];
}

function shadowWarnings({ shadows, mirrorBack, unit }: RolloutEntry, at: (...steps: Path) => Path): Warning[] {
  const placed = shadows.map((shadow, n) => ({ ...shadow, place: ['shadows', n] as Path }));
  const back = mirrorBack === undefined ? [] : [{ ...mirrorBack, place: ['mirrorBack'] }];
  return [...placed, ...back].flatMap(({ sample, sampleBy, place }): Warning[] => {
    if (sample === 0) return [{ path: at(...place, 'sample'), message: 'this shadow never gets a copy' }];
    if (sample < 10_000 && sampleBy === 'unit' && unit.length === 0) {
      const message = 'sampled by unit, but the rollout has no unit: this shadow never gets a copy';
      return [{ path: at(...place, 'sampleBy'), message }];
    }
    if (sample >= lowSampleBp) return [];
    const message = `only one request in ${Math.round(10_000 / sample)} makes a pair: it takes long to see anything`;
    return [{ path: at(...place, 'sample'), message }];
  });
}

function ruleWarnings({ rules }: RolloutEntry, at: (...steps: Path) => Path): Warning[] {
  return rules.flatMap(({ when }, n) => {
    const warn = (what: string, match: Match | undefined, ...steps: Path): Warning[] => {
      if (match === undefined) return [];
      const path = at('rules', n, 'when', ...steps);
      const chosen = { path, message: `clients choose ${what}, and so who gets which arm` };
      const costly = { path, message: `clients choose ${what}, and what this pattern has to work on` };
      return 'regex' in match ? [chosen, costly] : [chosen];
    };
    const named = (kind: 'cookie' | 'query', what: string) =>
      Object.entries(when[kind] ?? {}).flatMap(([name, match]) => warn(what, match, kind, name));
    return [
      ...named('cookie', 'their cookies'),
      ...named('query', 'the query'),
      ...warn('the method', when.method, 'method'),
      ...warn('the path', when.path, 'path'),
    ];
  });
}

function sharedSalts(rollouts: ConfigFile['rollouts']): Warning[] {
  const first = new Map<string, string>();
  return rollouts.flatMap(({ salt, name }, i) => {
    if (salt === undefined) return [];
    const earlier = first.get(salt);
    if (earlier === undefined) {
      first.set(salt, name);
      return [];
    }
    const message = `the same salt as rollout ${JSON.stringify(earlier)}: both move the same users first`;
    return [{ path: ['rollouts', i, 'salt'], message }];
  });
}
