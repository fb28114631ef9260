import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { type FakeTerminal, fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { differentPair, pairOf, startAdminStage } from './admin-stage.ts';

type Stage = Awaited<ReturnType<typeof startAdminStage>>;

/** Runs a command against the stage. */
async function understudy(stage: Stage, ...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: stage.socketPath, USER: 'ana' });
  const code = await run(args, terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

test('weight without a value prints it, with one sets it, and says what is confirmed', async () => {
  await using stage = await startAdminStage();
  expect(await understudy(stage, 'weight', 'ranker')).toEqual({
    code: 0,
    out: 'ranker: 0 % (revision 1)\n',
    errors: '',
  });
  expect(await understudy(stage, 'weight', 'ranker', '5%', '--reason', 'first users')).toEqual({
    code: 0,
    out: 'ranker: 0 % -> 5 % (revision 2), confirmed by every decide thread\n',
    errors: '',
  });
  expect(stage.controller.events({ limit: 1 })[0]).toMatchObject({ actor: 'ana', reason: 'first users' });
  const asJson = await understudy(stage, 'weight', 'ranker', '25bp', '--reason', 'less', '--actor', 'bo', '--json');
  expect(JSON.parse(asJson.out)).toMatchObject({ rollout: { weightBp: 25, updatedBy: 'bo' }, unconfirmedThreads: [] });
});

test('weight names the threads that have yet to confirm', async () => {
  await using stage = await startAdminStage({ unconfirmed: ['decide-0', 'decide-1'] });
  const { code, out } = await understudy(stage, 'weight', 'ranker', '5%', '--reason', 'r');
  expect([code, out]).toEqual([
    0,
    'ranker: 0 % -> 5 % (revision 2), stored, still to be confirmed by decide-0, decide-1\n',
  ]);
});

test('refusals have their exit codes and name the field', async () => {
  await using stage = await startAdminStage();
  const set = ['weight', 'ranker', '5%', '--reason', 'r'];
  expect(await understudy(stage, ...set, '--expect-revision', '9')).toEqual({
    code: 4,
    out: '',
    errors: 'expected_revision: expected 9, but ranker was changed by revision 1\n',
  });
  expect((await understudy(stage, 'weight', 'nobody')).code).toBe(5);
  expect((await understudy(stage, 'pairs', '--shadow', 'nobody')).code).toBe(5);
  expect((await understudy(stage, 'events', '--limit', '1001')).code).toBe(2);
  stage.store.close();
  expect((await understudy(stage, ...set)).code).toBe(4);
});

test('status shows rollouts, decisions, shadows and threads', async () => {
  await using stage = await startAdminStage();
  const { out } = await understudy(stage, 'status');
  expect(out).toMatch(/^ranker +2\.0\.0-b5c722b8 +0 % +paused \(manual\) +1\.8\.0 +2\.0\.0 +1 +configuration$/m);
  expect(out).toMatch(/^ranker +stable +hash +40$/m);
  expect(out).toMatch(
    /^ranker +candidate +2\.0\.0 +4 +100\.00 % of 4 +50\.00 % of 2 +score 50\.00 % of 2 +20\.0 ms +25\.0 ms$/m,
  );
  expect(out).toMatch(/^decide-0 +serving +1 +0$/m);
  expect(JSON.parse((await understudy(stage, 'status', '--json')).out).sidecar.counters).toEqual({ 'pairs.joined': 4 });
});

test('status --watch prints again after a change until it is asked to end', async () => {
  await using stage = await startAdminStage();
  const weights: number[] = [];
  const terminal: FakeTerminal = fakeTerminal({ UNDERSTUDY_ADMIN: stage.socketPath }, (line) => {
    weights.push(JSON.parse(line).rollouts[0].weightBp);
    if (weights.at(-1) === 700) terminal.end();
    else void stage.controller.setWeight({ rollout: 'ranker', weightBp: 700, reason: 'r', actor: 'a' });
  });
  expect(await run(['status', '--watch', '--json'], terminal)).toBe(0);
  expect([weights[0], weights.at(-1)]).toEqual([0, 700]);
});

test('explain says arm, cluster, reason and what was mirrored or not', async () => {
  await using stage = await startAdminStage();
  const { out } = await understudy(stage, 'explain', '--route', 'ranker', '-H', 'X-User-Id: u1', '-H', 'x-other: 1');
  expect(out).toMatch(/^stable by hash \(ranker, revision 1\)$/m);
  expect(out).toMatch(/^ {2}unit from header x-user-id$/m);
  expect(out).toMatch(/^ {2}stable answers: cluster ranker-v1, version 1.8.0$/m);
  expect(out).toMatch(/^ {2}shadow candidate gets a copy: slot 1, cluster ranker-v2-shadow$/m);
  const unknown = await understudy(stage, 'explain', '--route', 'elsewhere');
  expect(unknown.out).toBe("no rollout has the route elsewhere: Envoy's own routes apply\n");
});

test('pairs prints one line a pair, only the different ones when asked', async () => {
  await using stage = await startAdminStage({ recent: [pairOf(1), differentPair] });
  expect((await understudy(stage, 'pairs')).out.trimEnd().split('\n')).toHaveLength(2);
  expect((await understudy(stage, 'pairs', '--different')).out).toBe(
    `2023-11-14T22:13:20.099Z  ${differentPair.id}  ranker/candidate  1.8.0 200 10.0 ms  2.0.0 200  body different, score different\n`,
  );
  expect(JSON.parse((await understudy(stage, 'pairs', '--recent', '1', '--json')).out).id).toBe(differentPair.id);
});

test('pairs --follow ends with 3 when the sidecar goes away', async () => {
  await using stage = await startAdminStage({ recent: [pairOf(1)] });
  const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: stage.socketPath }, () => void stage.admin.stop());
  expect(await run(['pairs', '--follow'], terminal)).toBe(3);
  expect(terminal.errors.join('')).toBe('the sidecar went away: the sidecar stops\n');
});

test('events are printed newest first', async () => {
  await using stage = await startAdminStage();
  await understudy(stage, 'weight', 'ranker', '5%', '--reason', 'first users');
  const { out } = await understudy(stage, 'events', '--rollout', 'ranker');
  const kinds = out.match(/release-started|weight-set/g);
  expect(kinds).toEqual(['weight-set', 'release-started']);
  const lines = (await understudy(stage, 'events', '--json', '--limit', '1')).out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).reason)).toEqual(['first users']);
});

test('a socket where nobody listens is exit code 3, at once', async () => {
  const terminal = fakeTerminal();
  expect(await run(['status', '--admin', '/nowhere/admin.sock'], terminal)).toBe(3);
  expect(terminal.errors.join('')).toBe('no sidecar answers at /nowhere/admin.sock (ENOENT)\n');
});

test('a reader of its output that has seen enough ends a command quietly', async () => {
  await using stage = await startAdminStage();
  const main = join(import.meta.dirname, '../../src/main.ts');
  const args = [main, 'status', '--watch', '--json', '--admin', stage.socketPath];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await stage.controller.setWeight({ rollout: 'ranker', weightBp: 700, reason: 'r', actor: 'a' });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(complaints).toBe('');
});
