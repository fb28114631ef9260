import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { listenAccessLogs } from '../../src/accesslog/service.ts';
import { AccessLogServiceService, StreamAccessLogsMessage } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { productionEntry } from '../unit/accesslog/entry.ts';

test('a message that cannot be decoded ends its log stream and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-logs-'));
  const logs: string[] = [];
  const listener = await listenAccessLogs(join(folder, 's'), (log) => logs.push(log));
  const client = new Client(`unix:${join(folder, 's')}`, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await listener.close();
    rmSync(folder, { recursive: true });
  });
  const open = () => {
    let failure: ServiceError | undefined;
    const bytes = (value: Buffer) => value;
    const { path } = AccessLogServiceService.streamAccessLogs;
    const call = client.makeClientStreamRequest(path, bytes, bytes, (error) => {
      failure = error ?? undefined;
    });
    return { call, failure: () => failure };
  };
  const message = Buffer.from(
    StreamAccessLogsMessage.encode({
      identifier: { node: undefined, logName: 'production' },
      logEntries: { $case: 'httpLogs', value: { logEntry: [productionEntry()] } },
    }).finish(),
  );
  const [sound, broken] = [open(), open()];
  sound.call.write(message);
  await until(() => logs.length === 1, { what: 'the first entry' });
  broken.call.write(Buffer.from('ffffffff', 'hex'));
  const code = await until(() => broken.failure()?.code, { what: 'the end of the broken stream' });
  expect(code).toBe(13);
  sound.call.write(message);
  await until(() => logs.length === 2, { what: 'the second entry' });
  expect([logs, sound.failure()]).toEqual([['production', 'production'], undefined]);
});
