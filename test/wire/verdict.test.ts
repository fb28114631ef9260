import { join } from 'node:path';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { startAdmin } from '../../src/admin/server.ts';
import { ask } from '../../src/cli/client.ts';
import { run } from '../../src/cli/program.ts';
import { RolloutAdminClient, type RolloutVerdict } from '../../src/gen/understudy/admin/v1/admin.ts';
import type { Verdict } from '../../src/guards/verdict.ts';
import type { JudgedRollout, Verdicts } from '../../src/judging/verdicts.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { startAdminStage } from './admin-stage.ts';

const failed: Verdict = {
  guard: 'p95',
  metric: 'latency',
  status: 'fail',
  subject: 'users',
  segment: '',
  value: 61,
  lower: 55.5,
  upper: undefined,
  threshold: 50,
  unit: 'ms',
  n: 84_120,
  eValue: 412,
  windowMs: 900_000,
  sinceMs: 1_700_000_000_000,
  needs: undefined,
  action: 'rollback',
  dryRun: false,
  sentence: 'p95 61 ms > 50 ms for 15 min, n = 84,120, e = 412',
};

const held: Verdict = {
  ...failed,
  guard: 'agreement',
  metric: 'pair.agreement',
  status: 'hold',
  subject: 'pairs',
  segment: 'country=CO',
  value: 0.985,
  lower: 0.97,
  upper: 0.99,
  threshold: 0.98,
  unit: 'share',
  n: 900,
  eValue: undefined,
  needs: { n: 3_100, ms: 840_000.4 },
  action: 'block',
  dryRun: true,
  sentence: 'needs 3,100 more pairs, about 14 min at this rate',
};

/** Verdicts of `ranker`, as they are set. */
function judging() {
  const listeners = new Set<(rollout: string) => void>();
  let judged: JudgedRollout | undefined;
  const verdicts: Verdicts = {
    list: () => judged?.verdicts ?? [],
    judged: (rollout) => (rollout === 'ranker' ? judged : undefined),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const publish = (next: JudgedRollout) => {
    judged = next;
    for (const listener of listeners) listener('ranker');
  };
  return { verdicts, publish, followers: () => listeners.size };
}

async function startVerdictStage() {
  const stage = await startAdminStage();
  const judge = judging();
  const socketPath = join(stage.folder, 'verdict.sock');
  const admin = await startAdmin({ ...stage.parts, verdicts: judge.verdicts, socketPath });
  const client = new RolloutAdminClient(`unix:${socketPath}`, credentials.createInsecure());
  const { release } = stage.controller.view('ranker');
  const publish = (changes: Partial<JudgedRollout> = {}) =>
    judge.publish({
      ...{ rollout: 'ranker', release, verdicts: [failed, held], stale: false, untilMs: 1_700_000_010_000 },
      ...{ gaps: { count: 0, ms: 0 }, ...changes },
    });
  const understudy = async (...args: string[]) => {
    const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: socketPath });
    const code = await run(args, terminal);
    return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
  };
  return {
    ...{ client, release, publish, understudy, followers: judge.followers },
    async [Symbol.asyncDispose]() {
      client.close();
      await admin.stop();
      await stage[Symbol.asyncDispose]();
    },
  };
}

test('a verdict goes over the wire with all that the guard says', async () => {
  await using stage = await startVerdictStage();
  stage.publish({ gaps: { count: 2, ms: 30_000 } });
  const answer = await ask(stage.client, stage.client.getVerdict, { rollout: 'ranker' });
  const { needs: _, ...all } = failed;
  const { needs: __, ...some } = held;
  expect(answer).toEqual({
    ...{ rollout: 'ranker', release: stage.release, stale: false, untilMs: 1_700_000_010_000, gaps: 2, gapsMs: 30_000 },
    verdicts: [
      { ...all, needsN: undefined, needsMs: undefined },
      { ...some, needsN: 3_100, needsMs: 840_000 },
    ],
  });
});

test('a rollout that was not judged, or whose release is another by now, has no verdicts', async () => {
  await using stage = await startVerdictStage();
  const asked = () => ask(stage.client, stage.client.getVerdict, { rollout: 'ranker' });
  const nothing = { rollout: 'ranker', release: stage.release, verdicts: [], stale: false, gaps: 0, gapsMs: 0 };
  expect(await asked()).toEqual({ ...nothing, untilMs: undefined });
  stage.publish({ release: 'earlier' });
  expect(await asked()).toEqual({ ...nothing, untilMs: undefined });
});

test.each([
  ['nobody', status.NOT_FOUND, 'rollout: there is no rollout "nobody"'],
  ['', status.INVALID_ARGUMENT, 'rollout: expected a non-empty text'],
])('rollout %j is refused, asked once and watched', async (rollout, code, details) => {
  await using stage = await startVerdictStage();
  await expect(ask(stage.client, stage.client.getVerdict, { rollout })).rejects.toMatchObject({ code, details });
  const stream = stage.client.watchVerdicts({ rollout });
  const error = await new Promise<ServiceError>((resolve) => {
    stream.once('error', (failure) => resolve(failure as ServiceError));
    stream.resume();
  });
  expect(error).toMatchObject({ code, details });
  expect(stage.followers()).toBe(0);
});

test('who watches gets it now and each time it is judged anew, until they leave', async () => {
  await using stage = await startVerdictStage();
  const stream = stage.client.watchVerdicts({ rollout: 'ranker' });
  const answers = stream[Symbol.asyncIterator]();
  const next = async () => ((await answers.next()).value as RolloutVerdict).verdicts.map(({ guard }) => guard);
  expect(await next()).toEqual([]);
  stage.publish();
  expect(await next()).toEqual(['p95', 'agreement']);
  stage.publish({ verdicts: [failed] });
  expect(await next()).toEqual(['p95']);
  expect(stage.followers()).toBe(1);
  stream.on('error', () => {});
  stream.cancel();
  await expect.poll(() => stage.followers()).toBe(0);
});

test('understudy verdict says value, bound, threshold, evidence and the sentence, and ends with 0', async () => {
  await using stage = await startVerdictStage();
  stage.publish({ stale: true, gaps: { count: 1, ms: 20_000 } });
  const { code, out } = await stage.understudy('verdict', 'ranker');
  expect(code).toBe(0);
  const [head, stale, gaps, heads, first = '', second = ''] = out.split('\n');
  expect(head).toBe(`ranker ${stage.release}, until 2023-11-14T22:13:30.000Z`);
  expect(stale).toBe('what came since then could not be stored and is not judged');
  expect(gaps).toBe('nothing is known of 20 s (1 times)');
  expect(heads?.split(/ {2,}/)).toEqual([
    ...['GUARD', 'SEGMENT', 'STATUS', 'VALUE', 'BOUND', 'THRESHOLD', 'N', 'E-VALUE', 'SINCE', 'WOULD', 'WHAT IT SAYS'],
  ]);
  expect(first.split(/ {2,}/)).toEqual([
    ...['p95', '-', 'fail', '61 ms', '55.5 ms to -', '50 ms', '84,120', '412', '2023-11-14T22:13:20', 'rollback'],
    failed.sentence,
  ]);
  expect(second.split(/ {2,}/)).toEqual([
    ...['agreement', 'country=CO', 'hold', '98.5 %', '97 % to 99 %', '98 %', '900', '-', '2023-11-14T22:13:20'],
    ...['block (dry run)', held.sentence],
  ]);
});

test('understudy verdict of nothing says so, of nobody ends with 5, and as JSON is one line', async () => {
  await using stage = await startVerdictStage();
  const empty = await stage.understudy('verdict', 'ranker');
  expect(empty).toMatchObject({ code: 0, out: expect.stringContaining('no verdicts: it has no guards') });
  expect(await stage.understudy('verdict', 'nobody')).toMatchObject({ code: 5, out: '' });
  stage.publish();
  const { out } = await stage.understudy('verdict', 'ranker', '--json');
  expect(JSON.parse(out)).toMatchObject({ rollout: 'ranker', verdicts: [{ guard: 'p95' }, { guard: 'agreement' }] });
});
