import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { createPublished } from '../../src/judging/published.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { specOf } from '../unit/rollout/fakes.ts';
import { GUARDS, look, STAGES, stageOf, verdicts } from '../unit/rollout/plans.ts';
import { startAdminStage } from './admin-stage.ts';

type Stage = Awaited<ReturnType<typeof startAdminStage>>;

const staged = specOf('ranker', { stages: STAGES, guards: GUARDS });

async function understudy(stage: Stage, ...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: stage.socketPath, USER: 'ana' });
  const code = await run(args, terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

const because = ['--reason', 'why not'];

test('each verb prints where the rollout is then, and what it waits for', async () => {
  await using stage = await startAdminStage({ specs: [staged] });
  const does = async (...args: string[]) => (await understudy(stage, ...args, ...because)).out;
  expect(await does('promote', 'ranker')).toBe(
    'ranker: baking, stage 2/5 one, 1 % (revision 2), confirmed by every decide thread\n' +
      '  holds: errors: not judged yet\n  holds: agreement: not judged yet\n  holds: shift: not judged yet\n' +
      '  holds: 0 s of 1 min held\n',
  );
  expect(await does('pause', 'ranker')).toBe(
    'ranker: paused (person), stage 2/5 one, 1 % (revision 3), confirmed by every decide thread\n' +
      '  paused (person): why not: understudy resume ranker --reason "..."\n',
  );
  expect(await does('resume', 'ranker')).toMatch(/^ranker: baking, stage 2\/5 one, 1 % \(revision 4\)/);
  await does('weight', 'ranker', '30%');
  expect(await does('resume', 'ranker', '--keep-weight')).toMatch(/^ranker: baking, stage 3\/5 quarter, 30 % /);
  expect(await does('promote', 'ranker', '--to-end')).toMatch(/^ranker: promoted, stage 5\/5 all, 100 % /);
  expect(await does('abort', 'ranker')).toMatch(/^ranker: rolled-back \(abort\), stage 5\/5 all, 0 % /);
  expect(stage.controller.events({ limit: 1, kinds: ['promoted'] })[0]).toMatchObject({
    actor: 'ana',
    reason: expect.stringContaining('why not'),
  });
});

test('approve agrees, as --actor and as JSON when it is asked for', async () => {
  const stages = [stageOf('shadow', 0, { approve: 'required', hold: { timeMs: 0 } }), stageOf('one', 100)];
  await using stage = await startAdminStage({ specs: [specOf('ranker', { stages, guards: GUARDS })] });
  const { controller } = stage;
  controller.look('ranker', controller.view('ranker').release, look());
  const { out } = await understudy(stage, 'approve', 'ranker', ...because, '--actor', 'bo', '--json');
  expect(JSON.parse(out)).toMatchObject({ rollout: { stage: 'one', updatedBy: 'bo' }, unconfirmedThreads: [] });
});

test('refusals have exit codes, and of two people one is told the current revision', async () => {
  await using stage = await startAdminStage({ specs: [staged], unconfirmed: ['decide-0'] });
  expect((await understudy(stage, 'promote', 'ranker')).code).toBe(2);
  expect((await understudy(stage, 'abort', 'nobody', ...because)).code).toBe(5);
  expect(await understudy(stage, 'approve', 'ranker', ...because)).toEqual({
    code: 4,
    out: '',
    errors: 'rollout: nothing waits for approval: it is shadowing (plan)\n',
  });
  const answers = [
    await understudy(stage, 'promote', 'ranker', ...because, '--expect-revision', '1'),
    await understudy(stage, 'promote', 'ranker', ...because, '--expect-revision', '1'),
  ];
  expect(answers.map(({ code }) => code)).toEqual([0, 4]);
  expect(answers[0]?.out).toContain('stored, still to be confirmed by decide-0');
  expect(answers[1]?.errors).toBe('expected_revision: expected 1, but ranker was changed by revision 2\n');
});

test('status shows stage, progress and why it waits, below each rollout', async () => {
  const published = createPublished();
  await using stage = await startAdminStage({
    specs: [staged, specOf('search')],
    verdicts: published,
  });
  const { controller } = stage;
  const { release } = controller.view('ranker');
  const sentence = 'agreement of late 97.6 % (at least 97.1 %) < 98 %, about 1,900 more pairs, 14 min';
  const said = { agreement: { status: 'hold', sentence } } as const;
  controller.look('ranker', release, look(said));
  published.publish({ rollout: 'ranker', release, untilMs: 1, gaps: { count: 0, ms: 0 } } as never, verdicts(said));
  const { out } = await understudy(stage, 'status');
  expect(out.split('\n').slice(0, 7)).toEqual([
    'ROLLOUT  RELEASE         WEIGHT  PHASE            STAGE       STABLE  CANARY  REVISION  BY',
    'ranker   2.0.0-b5c722b8  0 %     shadowing        1/5 shadow  1.8.0   2.0.0          1  configuration',
    '  0 %: 10 s of 1 min, 20 pairs of 100',
    `  holds: agreement: ${sentence}`,
    '  holds: 20 of 100 pairs',
    '  holds: 10 s of 1 min held',
    expect.stringMatching(/^search {3}\S+ +0 % +paused \(manual\) +- +1\.8\.0 +2\.0\.0 +1 +configuration$/),
  ]);
});

test('status says what did a rollback, and which version may be taken down', async () => {
  await using stage = await startAdminStage({
    specs: [staged],
    lastDeliveredMs: (cluster) => (cluster === 'ranker-v1' ? 1_700_000_060_000 : undefined),
  });
  await understudy(stage, 'promote', 'ranker', ...because, '--to-end');
  await understudy(stage, 'complete', 'ranker', ...because, '--cluster', 'ranker-v2');
  const { out } = await understudy(stage, 'status');
  // of a stage whose time counts no more nothing is told
  expect(out).not.toContain('of 1 min');
  expect(out).toContain('  completed: another version than 2.0.0 is a new release\n');
  expect(out).toContain(
    '  retired: 1.8.0 (ranker-v1) since 2023-11-14T22:13:20.000Z, last answered 2023-11-14T22:14:20.000Z\n',
  );
});

test('events show who was moved where, with what guards said when it is asked for', async () => {
  await using stage = await startAdminStage({ specs: [staged] });
  const { controller } = stage;
  await understudy(stage, 'promote', 'ranker', '--reason', 'first users');
  controller.look('ranker', controller.view('ranker').release, look({ errors: 'fail' }));
  const { out } = await understudy(stage, 'events', '--verbose');
  const lines = out.split('\n');
  expect(lines[0]).toMatch(/^NUMBER +TIME +ROLLOUT +KIND +BY +REVISION +CHANGE +REASON$/);
  const line = (kind: string) => lines.findIndex((text) => text.includes(` ${kind} `));
  expect(lines[line('rollback-started')]).toMatch(/ baking one 1 % -> rolling-back one 0 % +errors: errors says$/);
  expect(lines[line('rollback-started') + 1]).toBe('    fail     errors: errors says');
  expect(lines[line('promoted')]).toMatch(/ shadowing shadow 0 % -> baking one 1 % +to one \(1 %\): first users$/);
  expect(lines[line('release-started')]).toMatch(/ shadowing shadow 0 % +first seen in the configuration$/);
  expect((await understudy(stage, 'events')).out).not.toContain('    fail');
});

test('events --follow prints what there is, oldest first, and goes on until it is asked to end', async () => {
  await using stage = await startAdminStage({ specs: [staged] });
  const kinds: string[] = [];
  const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: stage.socketPath, USER: 'ana' }, (text) => {
    kinds.push(JSON.parse(text).kind);
    if (kinds.length === 2) void stage.controller.pause({ rollout: 'ranker', reason: 'r', actor: 'a' });
    if (kinds.length === 3) terminal.end();
  });
  await understudy(stage, 'promote', 'ranker', ...because);
  expect(await run(['events', '--follow', '--json'], terminal)).toBe(0);
  expect(kinds).toEqual(['release-started', 'promoted', 'paused']);
});

const RUNNING = parseConfig(
  `
trustedHeaders: [x-user-id]
rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1.8.0" }
    canary: { cluster: ranker-v2, version: "2.0.0" }
`,
  'understudy.yaml',
).config;

test('apply shows what a file would change, changes it, and says mistakes by the lines of the file', async () => {
  await using stage = await startAdminStage({ running: RUNNING });
  const file = join(stage.folder, 'made.yaml');
  const text = 'name: made\nstable: { cluster: made-v1, version: "1" }\ncanary: { cluster: made-v2, version: "2" }\n';
  writeFileSync(file, text);
  expect((await understudy(stage, 'apply', file)).errors).toContain('a change needs --reason');
  const dry = await understudy(stage, 'apply', file, '--dry-run');
  expect(dry.code).toBe(0);
  expect(dry.out).toMatch(/^ {2}name: nothing -> "made"\n {2}stable: nothing -> /);
  expect(dry.out).toMatch(/^warning: \S+made\.yaml:1:1: unit: no unit/m);
  expect(dry.out).toMatch(
    /made: a new release, 2-\w{8}: it starts without evidence\nmade: nothing was changed \(dry run\)\n$/,
  );
  expect((await understudy(stage, 'apply', file, ...because, '--expect-revision', '0')).out).toMatch(
    /made: paused \(manual\), 0 % \(revision 2\), confirmed by every decide thread\n$/,
  );
  expect((await understudy(stage, 'apply', file, ...because)).out).toMatch(/made: nothing is new\n$/);
  writeFileSync(file, `${text}stabel: 1\nroute: ranker\n`);
  const wrong = await understudy(stage, 'apply', file, ...because);
  expect(wrong.code).toBe(2);
  const [unknown, route] = wrong.errors.split('\n');
  expect(unknown).toMatch(new RegExp(`^${file}:4:1: stabel: unknown key`));
  expect(route).toMatch(new RegExp(`^${file}:5:8: route: expected a route that leads to one rollout`));
  expect((await understudy(stage, 'apply', join(stage.folder, 'none.yaml'), ...because)).errors).toMatch(/ENOENT/);
  writeFileSync(file, 'trustedHeaders: []\nrollouts: []\n');
  expect((await understudy(stage, 'apply', file, '--dry-run')).errors).toBe(
    `${file}: expected one entry of rollouts:, found a whole configuration\n`,
  );
  expect((await understudy(stage, 'delete', 'made', ...because)).out).toBe(
    'made: archived, confirmed by every decide thread\n',
  );
  expect((await understudy(stage, 'delete', 'ranker', ...because)).code).toBe(4);
});

/** An Envoy's admin page whose edge leads to these clusters, by route name. */
async function startEnvoy(routes: Readonly<Record<string, object>>) {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          routes: Object.entries(routes).map(([name, route]) => ({ name, match: { prefix: '/' }, route })),
        },
      ],
    },
  };
  const listener = {
    name: 'edge',
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  };
  const pages: Readonly<Record<string, unknown>> = {
    '/server_info': { version: 'abc/1.40.0/Clean', state: 'LIVE' },
    '/config_dump': { configs: [{ static_listeners: [{ listener }] }] },
    '/stats': { stats: [] },
  };
  const server = createServer((request, response) => {
    response.end(JSON.stringify(pages[new URL(request.url ?? '', 'http://envoy').pathname]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

test('complete looks at Envoy, says what it saw, and is refused until every route leads to the new version', async () => {
  await using stage = await startAdminStage({ specs: [{ ...staged, routes: ['ranker', 'rank-too'] }] });
  await understudy(stage, 'promote', 'ranker', ...because, '--to-end');
  const complete = async (routes: Readonly<Record<string, object>>) => {
    await using envoy = await startEnvoy(routes);
    const { code, out, errors } = await understudy(stage, 'complete', 'ranker', ...because, '--envoy', envoy.address);
    return { code, out: out.replaceAll(envoy.address, 'ENVOY'), errors: errors.replaceAll(envoy.address, 'ENVOY') };
  };
  const [v1, v2] = [{ cluster: 'ranker-v1' }, { cluster: 'ranker-v2' }];
  expect(await complete({ ranker: v2 })).toMatchObject({
    code: 4,
    out: 'config_dump of ENVOY: there is no route rank-too: no cluster\n',
  });
  const still = await complete({ ranker: v2, 'rank-too': v1 });
  expect([still.code, still.out]).toEqual([4, 'config_dump of ENVOY, listener edge, route rank-too: ranker-v1\n']);
  expect(still.errors).toContain('not to ranker-v2: without Understudy users would still get the old version');
  const mixed = { weighted_clusters: { clusters: [{ name: 'ranker-v2' }, { name: 'ranker-v1' }] } };
  expect((await complete({ ranker: v2, 'rank-too': mixed })).out).toContain('route rank-too: ranker-v1\n');
  const done = await complete({ ranker: v2, 'rank-too': v2 });
  expect(done.code).toBe(0);
  expect(done.out).toMatch(
    /^config_dump of ENVOY, listener edge, route ranker: ranker-v2\nranker: completed \(person\), /,
  );
});

test('complete asks for one of --envoy and --cluster, and says when no Envoy answers', async () => {
  await using stage = await startAdminStage({ specs: [staged] });
  const complete = (...args: string[]) => understudy(stage, 'complete', 'ranker', ...because, ...args);
  expect((await complete()).code).toBe(2);
  expect((await complete('--envoy', 'a:1', '--cluster', 'b')).code).toBe(2);
  expect((await complete('--envoy', 'no url')).errors).toContain('--envoy: expected for example 127.0.0.1:9901');
  await using envoy = await startEnvoy({});
  const { address } = envoy;
  await envoy[Symbol.asyncDispose]();
  expect(await complete('--envoy', address)).toMatchObject({
    code: 3,
    errors: expect.stringContaining('no Envoy answers'),
  });
});
