import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../../..');
const fixtures = join(root, 'test/fixtures/config');
const schema = JSON.parse(readFileSync(join(root, 'docs/understudy.schema.json'), 'utf8'));
const validator = z.fromJSONSchema(schema);

const accepts = (file: string) => validator.safeParse(parse(readFileSync(file, 'utf8'))).success;
const fixture = (name: string) => join(fixtures, `${name}.yaml`);

test.each([
  ['the shipped file', join(root, 'envoy/understudy.yaml')],
  ['the complete fixture', fixture('complete')],
  ['the smallest fixture', fixture('smallest')],
  ['the fixture with every key', fixture('every-key')],
])('%s fits the editor schema, and names it in its first line', (_, file) => {
  expect(accepts(file)).toBe(true);
  const [, path = ''] = /^# yaml-language-server: \$schema=(.+)\n/.exec(readFileSync(file, 'utf8')) ?? [];
  expect(resolve(file, '..', path)).toBe(join(root, 'docs/understudy.schema.json'));
});

/** Wrong in what a schema of one value cannot see, or no YAML at all. */
const beyond = [
  'access-admin-address-twice',
  'access-admin-in-the-clear',
  'access-admin-open',
  'access-admin-open-in-the-clear',
  'access-clients-of-nobody',
  'access-clients-without-ca',
  'access-observe-not-loopback',
  'access-observe-port-zero',
  'access-observe-tls-on-a-path',
  'access-observe-without-ca',
  'alias-without-anchor',
  'baseline-constant-no-json',
  'baseline-list-missing',
  'baseline-not-loopback',
  'baseline-on-a-socket',
  'baseline-outcome-and-constant',
  'baseline-port-zero',
  'capture-too-big',
  'duplicate-key',
  'field-jsonpath',
  'field-not-captured',
  'field-path',
  'field-request-not-captured',
  // refused by editors: zod forgets additionalProperties beside oneOf
  'field-unknown-key',
  'guard-alphas',
  'guard-bare-percent-drop',
  'guard-bare-percent-versus',
  'guard-clear-beyond-limit',
  'guard-each-rolls-back',
  'guard-field-of-another-kind',
  'guard-field-unknown',
  'guard-key-of-another-metric',
  'guard-latency-as-share',
  'guard-limit-both',
  'guard-limit-missing',
  'guard-measure-of-another-kind',
  'guard-more-than-all',
  'guard-name-twice',
  'guard-net-without-twin',
  'guard-points-of-a-mean',
  'guard-promote-alert',
  'guard-quantile-missing',
  'guard-relative-ratio',
  'guard-scope-two-segments',
  'guard-segment-undefined',
  'guard-timing-missing',
  'guard-versus-missing',
  'match-range-reversed',
  'match-regex',
  'match-regex-backreference',
  'metrics-on-a-socket',
  'metrics-port-too-high',
  'mirror-back-answers-users',
  'mirror-back-beside-four',
  'mirror-back-name',
  'not-yaml',
  'notification-name-twice',
  'notification-two-secrets',
  'notification-unsigned',
  'notification-url-plain',
  'notification-url-user',
  'plan-alphas',
  'plan-beside-baseline',
  'plan-beside-initial-weight',
  'plan-key-of-another-preset',
  'plan-region-missing',
  'plan-region-twice',
  'plan-segment-undefined',
  'plan-too-many-guards',
  'plan-unjudged',
  'plan-without-baseline',
  'plan-without-prediction',
  'plan-without-shadow',
  'prediction-batch-key',
  'recording-age-too-short',
  'recording-in-the-store',
  'recording-requests-not-captured',
  'recording-too-big',
  'redact-pattern',
  'redact-pattern-empty',
  'rollout-twice',
  'route-twice',
  'rule-header-name',
  'rule-header-not-trusted',
  'rule-header-twice',
  'rule-segment-undefined',
  'segment-geoip-without-database',
  'segment-not-trusted',
  'shadow-answers-users',
  'shadow-max-body-over-4MiB',
  'shadow-twice',
  'socket-host-name',
  'socket-not-loopback',
  'socket-port-zero',
  'socket-tcp-twice',
  'socket-too-long',
  'socket-twice',
  'stage-hold-at-most',
  'stage-initial-weight',
  'stage-name-twice',
  'stage-nobody-judges',
  'stage-segment-undefined',
  'stage-unguarded',
  'stage-weight-falls',
  'unit-not-trusted',
];

test('of the bad fixtures it accepts only those that need more than the form of a value', () => {
  const names = readdirSync(fixtures).map((file) => file.replace('.yaml', ''));
  const accepted = names.filter((name) => {
    try {
      return accepts(fixture(name));
    } catch {
      return true;
    }
  });
  expect(accepted.sort()).toEqual([...beyond, 'complete', 'every-key', 'smallest'].sort());
});

test('every key has a description', () => {
  const silent: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties = {}, additionalProperties } = node as { properties?: object; additionalProperties?: unknown };
    for (const [key, property] of Object.entries<{ description?: string }>(properties as never)) {
      if (additionalProperties === false && property.description === undefined) silent.push(key);
    }
    for (const child of Object.values(node)) walk(child);
  };
  walk(schema);
  expect(silent).toEqual([]);
});
