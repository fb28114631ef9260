import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { startAdmin } from '../../src/admin/server.ts';
import { startAdminStage } from './admin-stage.ts';

test('the socket is private from the first moment, whatever the umask', async () => {
  await using stage = await startAdminStage();
  const socketPath = join(stage.folder, 'watched.sock');
  const watcher = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     const { statSync } = require('node:fs');
     const modes = new Set();
     let rounds = 0;
     let ended = false;
     parentPort.on('message', () => { ended = true; });
     parentPort.postMessage('ready');
     (function look() {
       for (let i = 0; i < 2000; i++) {
         const stats = statSync(workerData, { throwIfNoEntry: false });
         if (stats) modes.add((stats.mode & 0o777).toString(8));
       }
       if (ended) { parentPort.postMessage([...modes]); parentPort.close(); }
       else setImmediate(look);
     })();`,
    { eval: true, workerData: socketPath },
  );
  await once(watcher, 'message');
  const before = process.umask(0);
  try {
    for (let i = 0; i < 20; i += 1) await (await startAdmin({ ...stage.parts, socketPath })).stop();
  } finally {
    process.umask(before);
  }
  const seen = once(watcher, 'message');
  const admin = await startAdmin({ ...stage.parts, socketPath });
  watcher.postMessage('end');
  expect(await seen).toEqual([['600']]);
  await admin.stop();
  expect(readdirSync(stage.folder)).toEqual(['admin.sock']);
});

test('a socket that a live process serves is refused and left to it', async () => {
  await using stage = await startAdminStage();
  await expect(startAdmin({ ...stage.parts, socketPath: stage.socketPath })).rejects.toThrow(
    `another process serves ${stage.socketPath}`,
  );
  expect(statSync(stage.socketPath).isSocket()).toBe(true);
});

test('a socket that a killed process left is replaced', async () => {
  await using stage = await startAdminStage();
  const socketPath = join(stage.folder, 'stale.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(statSync(socketPath).isSocket()).toBe(true);

  const admin = await startAdmin({ ...stage.parts, socketPath });
  await admin.stop();
});

test('a file that is no socket is not removed', async () => {
  await using stage = await startAdminStage();
  const socketPath = join(stage.folder, 'notes.txt');
  writeFileSync(socketPath, 'mine');
  await expect(startAdmin({ ...stage.parts, socketPath })).rejects.toThrow(`${socketPath} exists and is not a socket`);
  expect(statSync(socketPath).size).toBe(4);
});

test('only the socket’s own folder is written to', async () => {
  await using stage = await startAdminStage();
  const parent = join(stage.folder, 'locked');
  const socketPath = join(parent, 'run', 'admin.sock');
  const touched: string[] = [];
  mkdirSync(dirname(socketPath), { recursive: true });
  const watcher = watch(parent, (_, name) => touched.push(String(name)));
  const admin = await startAdmin({ ...stage.parts, socketPath });
  await admin.stop();
  mkdirSync(join(parent, 'end'));
  await until(() => touched.includes('end'), { what: 'the watcher is up to date' });
  watcher.close();
  expect(touched.filter((name) => name !== 'run')).toEqual(['end']);
});
