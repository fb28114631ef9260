/** The form of what gets copies and answers nobody: `shadows` and `mirrorBack`. */
import { z } from 'zod';
import { list, map } from './forms.ts';
import { bytes, methods, name, percent, text, wholeNumber } from './values.ts';

const maxMirroredBytes = 4 * 1024 * 1024;
const frozen = 'a frozen shadow holds back larger uploads of users';

const ownCluster = name.describe('A cluster of its own in Envoy, that answers no user.');
const sample = (all: string) => percent.prefault(all).describe('Share of units, or of requests, that get a copy.');
const copied = {
  sampleBy: z
    .enum(['unit', 'request'], { error: 'unit or request' })
    .prefault('request')
    .describe('unit: always the same people; request: each on its own.'),
  methods: methods.prefault([]).describe('Only these HTTP methods; empty: all.'),
  maxPerSecond: wholeNumber(1, 1_000_000).optional().describe('At most so many copies a second; left out: no limit.'),
  maxBody: bytes(maxMirroredBytes, '4MiB', frozen)
    .prefault('4MiB')
    .describe('Larger request bodies are not copied; at most 4MiB.'),
  mirrorUnknownLength: list(text, 'content types, for example application/grpc*')
    .prefault(['application/grpc*'])
    .describe('Content types of bodies to copy that have no content-length; * at the end: all that begin so.'),
};

export const shadow = map({
  name: name.describe('Used once in the rollout.'),
  cluster: ownCluster,
  version: name.describe('The version of the model that it runs.'),
  sample: sample('100%'),
  ...copied,
});

export const mirrorBack = map({ cluster: ownCluster, sample: sample('10%'), ...copied });
