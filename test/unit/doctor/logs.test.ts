import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../../src/config/parse.ts';
import { examine, type Finding } from '../../../src/doctor/examine.ts';
import { renderEnvoy } from '../../../src/render/envoy-file.ts';
import { readOptions } from '../../../src/render/options.ts';
import { configOf, GIVEN, rolloutOf } from '../render/configs.ts';

const score = { fields: { score: { header: 'X-Score' }, tokens: { trailer: 'x-tokens' } } };
const predicting = configOf([{ ...rolloutOf('a', 1), prediction: score }]);
const plain = configOf([rolloutOf('a', 1)]);

/** What is found of logs when Envoy runs what was rendered for `rendered`, spelled as `write` does. */
function logFindings(config: Config | undefined, rendered: Config, write = (text: string) => text): Finding[] {
  const file = parse(write(renderEnvoy(rendered, readOptions(rendered, GIVEN))), { version: '1.1' });
  const { listeners, clusters } = file.static_resources;
  const configs = [
    { static_listeners: listeners.map((listener: object) => ({ listener })) },
    { static_clusters: clusters.map((cluster: object) => ({ cluster })) },
  ];
  const envoy = {
    serverInfo: { version: 'sha/1.40.0/Clean/RELEASE/BoringSSL', state: 'LIVE' },
    configDump: { configs },
    stats: { stats: [] },
    clockAheadMs: 0,
  };
  const { findings } = examine({ envoy, config, sidecar: { refusal: 'nobody' }, sockets: [] });
  return findings.filter(({ id }) => id.startsWith('log-'));
}

test('a file that was rendered before a prediction read a header or trailer is found to lack it, on both sides', () => {
  const found = logFindings(predicting, plain);
  expect(found.map(({ id, what, where }) => [id, what, where])).toEqual([
    ['log-prediction-missing', 'header x-score is not logged', 'listener edge'],
    ['log-prediction-missing', 'trailer x-tokens is not logged', 'listener edge'],
    ['log-prediction-missing', 'header x-score is not logged', 'listener understudy_loop'],
    ['log-prediction-missing', 'trailer x-tokens is not logged', 'listener understudy_loop'],
  ]);
});

test('a file that was rendered since lacks nothing, in whatever case the names are', () => {
  expect(logFindings(predicting, predicting)).toEqual([]);
  expect(logFindings(predicting, predicting, (text) => text.replaceAll('x-score', 'X-SCORE'))).toEqual([]);
});

test('without a configuration nothing is said of it', () => {
  expect(logFindings(undefined, plain)).toEqual([]);
});
