import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../../src/cli/program.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';

const METADATA = {
  name: 'ranker',
  versions: ['1'],
  platform: 'sklearn',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
  outputs: [
    { name: 'class', datatype: 'INT64', shape: [-1, 1] },
    { name: 'score', datatype: 'FP32', shape: [-1, 1] },
  ],
};

/** A server that has the metadata it is given, or answers everything with 404. */
async function serve(metadata?: unknown, ready = true): Promise<string> {
  const server = http.createServer((request, response) => {
    const path = request.url ?? '';
    if (metadata !== undefined && path === '/v2/models/ranker') response.end(JSON.stringify(metadata));
    else if (metadata !== undefined && path === '/v2/models/ranker/ready') response.writeHead(ready ? 200 : 503).end();
    else response.writeHead(404).end('not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function checkLive(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'understudy.yaml');
  const rollout = {
    name: 'ranker',
    stable: { cluster: 'v1', version: '1' },
    canary: { cluster: 'v2', version: '2' },
    shadows: [{ name: 'candidate', cluster: 'v2-shadow', version: '2' }],
    unit: [{ header: 'x-user-id' }],
  };
  writeFileSync(file, stringify({ trustedHeaders: ['x-user-id'], rollouts: [rollout] }));
  const terminal = fakeTerminal();
  const code = await run(['check', file, '--live', ...args], terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

test('the same names, types and shapes are exit code 0, whatever the version, platform and order', async () => {
  const [v1, v2] = [
    await serve(METADATA),
    await serve({ ...METADATA, versions: ['2'], platform: 'x', outputs: METADATA.outputs.toReversed() }),
  ];
  const { code, out } = await checkLive('--endpoint', `v1=${v1}`, '--endpoint', `v2=${v2}`, '--model', 'ranker');
  expect(code).toBe(0);
  expect(out).toMatch(/^ranker +stable +v1 +1 +ranker +yes +1 in, 2 out$/m);
  expect(out).toMatch(/^ranker +canary +v2 +2 +ranker +yes +as stable$/m);
  expect(out).toMatch(/^ranker +candidate +v2-shadow +2 +- +- +not asked: no --endpoint$/m);
  expect(out).toMatch(/^nothing that was asked differs$/m);
});

test('each name, datatype and shape that differs from stable is a row, and exit code 1', async () => {
  const changed = {
    ...METADATA,
    inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 5] }],
    outputs: [METADATA.outputs[0], { name: 'probability', datatype: 'FP32', shape: [-1, 2] }],
  };
  const [v1, v2] = [await serve(METADATA), await serve(changed)];
  const { code, out } = await checkLive('--endpoint', `v1=${v1}`, '--endpoint', `v2-shadow=${v2}`);
  expect(code).toBe(1);
  expect(out).toMatch(/^ranker +candidate +v2-shadow +2 +ranker +yes +4 different$/m);
  expect(out).toMatch(/^ranker +candidate +input x +datatype +FP32 +FP64$/m);
  expect(out).toMatch(/^ranker +candidate +input x +shape +\[-1,4\] +\[-1,5\]$/m);
  expect(out).toMatch(/^ranker +candidate +output score +missing +FP32 \[-1,1\] +-$/m);
  expect(out).toMatch(/^ranker +candidate +output probability +added +- +FP32 \[-1,2\]$/m);
});

test('a server without metadata is said to have none and is no difference', async () => {
  const [v1, v2] = [await serve(METADATA), await serve()];
  const { code, out } = await checkLive('--endpoint', `v1=${v1}`, '--endpoint', `v2=${v2}`);
  expect(code).toBe(0);
  expect(out).toMatch(/^ranker +canary .* not said +not compared: no KServe v2 metadata \(404\)$/m);
});

test('metadata that leaves inputs and outputs out is said to, and not compared', async () => {
  const [v1, v2] = [await serve(METADATA), await serve({ name: 'ranker', inputs: [], outputs: [] })];
  const { code, out } = await checkLive('--endpoint', `v1=${v1}`, '--endpoint', `v2=${v2}`);
  expect(code).toBe(0);
  expect(out).toMatch(/yes +not compared: KServe v2 metadata without inputs and outputs$/m);
});

test('a model that is not ready and a server that does not answer are exit code 1', async () => {
  const v1 = await serve(METADATA);
  const unready = await checkLive('--endpoint', `v1=${v1}`, '--endpoint', `v2=${await serve(METADATA, false)}`);
  expect([unready.code, unready.out]).toEqual([1, expect.stringMatching(/^ranker +canary .* NO +as stable$/m)]);
  const nobody = await checkLive('--endpoint', `v1=${v1}`, '--endpoint', 'v2=http://127.0.0.1:1');
  expect([nobody.code, nobody.out]).toEqual([1, expect.stringMatching(/^ranker +canary .* no answer: \S+/m)]);
});

test('a model may have another name on another cluster', async () => {
  const [v1, v2] = [await serve(METADATA), await serve(METADATA)];
  const endpoints = ['--endpoint', `v1=${v1}`, '--endpoint', `v2=${v2}`];
  const { out } = await checkLive(...endpoints, '--model', 'other', '--model', 'v1=ranker');
  expect(out).toMatch(/^ranker +stable .* yes +1 in, 2 out$/m);
  expect(out).toMatch(/^ranker +canary +v2 +2 +other +not said +not compared/m);
});

test.each([
  [[], '--live: expected --endpoint CLUSTER=http://host:port, found none'],
  [['--endpoint', 'v9=http://a:1'], '--endpoint: expected one of v1, v2, v2-shadow, found "v9"'],
  [['--endpoint', 'v1=ftp://a:1'], '--endpoint: expected CLUSTER=http://host:port, found "v1=ftp://a:1"'],
  [['--endpoint', 'v1=http://a:1', '--model', 'v9=x'], '--model: expected one of v1, v2, v2-shadow, found "v9"'],
])('what cannot be meant is a sentence and exit code 2: %j', async (args, line) => {
  expect(await checkLive(...args)).toMatchObject({ code: 2, errors: `${line}\n` });
});

test('--json has every place with its account and differences', async () => {
  const v1 = await serve(METADATA);
  const { out } = await checkLive('--endpoint', `v1=${v1}`, '--json');
  expect(JSON.parse(out).models[0]).toMatchObject({ cluster: 'v1', account: { ready: true }, differences: [] });
});
