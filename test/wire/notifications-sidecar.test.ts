import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Sidecar, sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { keysIn, signatureOf } from '../../src/notifications/sign.ts';
import { startReceiver } from './notifications-stage.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

function setWeight({ admin }: Sidecar, weightBp: number, reason: string): Promise<void> {
  return new Promise((resolve, reject) =>
    admin.setWeight({ rollout: 'ranker', weightBp, reason, actor: 'ana', expectedRevision: undefined }, (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

test('a sidecar tells webhooks what people do, also those that a reload adds, and after a kill what it had not told', async () => {
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'understudy-told-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = sidecarPaths(folder);
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, SECRET);
  const arms = { stable: { cluster: 'v1', version: '1' }, canary: { cluster: 'v2', version: '2' } };
  const rollouts = [{ name: 'ranker', ...arms, unit: [{ client: 'address' }] }];
  const file = join(folder, 'understudy.yaml');
  const configure = (notifications: readonly object[]) => {
    writeFileSync(`${file}.new`, JSON.stringify({ ...paths, rollouts, notifications }));
    renameSync(`${file}.new`, file);
  };
  const start = async () => {
    const sidecar = await startSidecar(file, paths.sockets.admin);
    onTestFinished(() => sidecar.stop());
    return sidecar;
  };

  configure([]);
  const first = await start();
  configure([{ name: 'chat', url: receiver.url, secretFile, events: ['weight'] }]);
  first.signal('SIGHUP');
  await until(() => first.log().includes('configuration taken'), { what: 'the reload' });
  await setWeight(first, 100, 'looks good');
  const { headers, body } = await until(() => receiver.received[0], { what: 'a message' });
  const id = String(headers['webhook-id']);
  const stamp = Number(headers['webhook-timestamp']);
  expect(headers['webhook-signature']).toBe(signatureOf(keysIn(SECRET), id, stamp, body));
  expect(JSON.parse(body)).toMatchObject({
    type: 'rollout.weight',
    data: { kind: 'weight-set', rollout: 'ranker', reason: 'looks good', to: { weightBp: 100 } },
  });

  receiver.reply = (response) => response.writeHead(503).end();
  await setWeight(first, 200, 'better still');
  await until(() => receiver.received[1], { what: 'a try that fails' });
  first.signal('SIGKILL');
  await first.exited;
  const tries = receiver.received.length;
  receiver.reply = (response) => response.writeHead(204).end();
  await start();
  const again = await until(() => receiver.received[tries], { what: 'told after the kill' });
  expect(JSON.parse(again.body).data).toMatchObject({ reason: 'better still', to: { weightBp: 200 } });
});
