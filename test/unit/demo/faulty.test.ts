import { expect, onTestFinished, test } from 'vitest';
import { startFaultyServer } from '../../../demo/models/faulty.ts';
import { startModelServer } from '../../../demo/models/server.ts';

const host = '127.0.0.1';
const path = '/v2/models/flight-delay/infer';
const body = JSON.stringify({
  id: 'one',
  inputs: [
    { name: 'origin', datatype: 'BYTES', shape: [1], data: ['DEN'] },
    { name: 'destination', datatype: 'BYTES', shape: [1], data: ['SFO'] },
    { name: 'departure', datatype: 'BYTES', shape: [1], data: ['2001-03-04T17:05'] },
    { name: 'distance', datatype: 'FP64', shape: [1], data: [967] },
  ],
});

async function start() {
  const server = await startFaultyServer({ version: 'v2', name: 'next', port: 0, host });
  onTestFinished(() => server.close());
  const url = `http://${host}:${server.port}`;
  const ask = (signal?: AbortSignal, headers = {}) =>
    fetch(url + path, { method: 'POST', body, headers, signal: signal ?? null });
  const breakTo = async (fault: string) => (await fetch(`${url}/fault/${fault}`, { method: 'PUT' })).status;
  return { ask, breakTo };
}

test('a next build predicts what v2 does, under its own name', async () => {
  const { ask } = await start();
  const v2 = await startModelServer({ version: 'v2', port: 0, host });
  onTestFinished(() => v2.close());
  const [own, other] = [await ask(), await fetch(`http://${host}:${v2.port}${path}`, { method: 'POST', body })];
  expect(own.headers.get('x-model-version')).toBe('next');
  const outputs = async (answer: Response) => ((await answer.json()) as { outputs: unknown }).outputs;
  expect(await outputs(own)).toEqual(await outputs(other));
});

test('it breaks for users when told to, also with what is open, and mends', async () => {
  const { ask, breakTo } = await start();
  expect(await breakTo('errors')).toBe(204);
  const failed = await ask();
  expect((await ask(undefined, { 'x-understudy-role': 'shadow-1' })).status).toBe(200);
  expect([failed.status, failed.headers.get('x-model-version')]).toEqual([500, 'next']);
  expect(await breakTo('hanging')).toBe(204);
  const leave = new AbortController();
  const hanging = ask(leave.signal).then(
    () => 'answered',
    () => 'left',
  );
  expect(await breakTo('slow')).toBe(204);
  expect((await ask()).status).toBe(200);
  leave.abort();
  expect(await hanging).toBe('left');
  expect(await breakTo('unknown')).toBe(404);
  expect(await breakTo('none')).toBe(204);
  expect((await ask()).status).toBe(200);
});
