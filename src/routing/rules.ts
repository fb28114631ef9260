/** Rules made ready: which one a request matches. */
import { barePath, cookieOf, queryOf, type RequestFacts } from './facts.ts';
import { compileMatch, describeMatch, type Match } from './match.ts';
import type { Rule, When } from './snapshot.ts';

type Segments = Readonly<Record<string, string>>;

/** One condition of a rule. */
export interface Condition {
  /** For people: `cookie plan = gold`. */
  readonly sentence: string;
  readonly holds: (facts: RequestFacts, segments: Segments) => boolean;
}

export interface CompiledRule {
  readonly rule: Rule;
  readonly conditions: readonly Condition[];
}

/** Throws RE2JSException on a pattern that RE2 does not know. */
export function compileRule(rule: Rule): CompiledRule {
  return { rule, conditions: compileWhen(rule.when) };
}

export function ruleMatches({ conditions }: CompiledRule, facts: RequestFacts, segments: Segments): boolean {
  return conditions.every(({ holds }) => holds(facts, segments));
}

type Read = (facts: RequestFacts, segments: Segments) => string | undefined;

function compileWhen({ header, cookie, query, segment, method, path }: When): Condition[] {
  return [
    ...named('header', header, (name) => (facts) => facts.header(name)),
    ...named('cookie', cookie, (name) => (facts) => cookieOf(facts, name)),
    ...named('query', query, (name) => (facts) => queryOf(facts, name)),
    ...named('segment', segment, (name) => (_, segments) => segments[name]),
    ...(method === undefined ? [] : [condition('method', method, (facts) => facts.method)]),
    ...(path === undefined ? [] : [condition('path', path, barePath)]),
  ];
}

function named(kind: string, matches: Readonly<Record<string, Match>> = {}, read: (name: string) => Read): Condition[] {
  return Object.entries(matches).map(([name, match]) => condition(`${kind} ${name}`, match, read(name)));
}

function condition(what: string, match: Match, read: Read): Condition {
  const matches = compileMatch(match);
  return {
    sentence: `${what} ${describeMatch(match)}`,
    holds(facts, segments) {
      const value = read(facts, segments);
      return value !== undefined && matches(value);
    },
  };
}
