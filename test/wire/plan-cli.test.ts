import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { startAdminStage } from './admin-stage.ts';

const rollout = (name: string, guards: string) => `
  - name: ${name}
    stable: { cluster: ${name}-v1, version: "1" }
    canary: { cluster: ${name}-v2, version: "2" }
    shadows: [{ name: candidate, cluster: ${name}-v2-shadow, version: "2" }]
    unit: [{ client: address }]
    capture: { response: 1KiB }
    prediction: { fields: { score: { at: /score, compare: { number: {} } } } }
    stages:
      - { name: shadow, weight: 0%, hold: { time: 30m, pairs: 10000 } }
      - { name: five, weight: 5%, hold: { time: 2h } }
      - { name: all, weight: 100% }
    guards: ${guards}`;

const judged = `
      - { name: errors, metric: error-rate, versus: stable, max: 0.1 points }
      - { name: ctr, metric: outcome, outcome: click, maxDrop: 10% relative }`;

async function plan(file: string, socket: string | undefined, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-plan-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'understudy.yaml');
  writeFileSync(path, file);
  const admin = socket === undefined ? {} : { UNDERSTUDY_ADMIN: socket };
  const terminal = fakeTerminal({ UNDERSTUDY_CONFIG: path, ...admin });
  const code = await run(['plan', ...args], terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

const nobody = '/nowhere/admin.sock';
const good = `rollouts:${rollout('ranker', judged)}${rollout('search', judged)}`;

test('a plan says what each guard looks at in each stage, how much that takes, and what guards may err', async () => {
  const { code, out } = await plan(good, nobody, 'ranker', '--rate', '200');
  expect(code).toBe(0);
  const lines = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(lines[0]?.[0]).toMatch(/^ranker: 3 stages, about [\d.]+ h at 200 requests a second$/);
  expect(lines).toContainEqual(['shadow', '0 %', '-', '30 min, 10,000 pairs', '0', '200', 'about 30 min', 'by itself']);
  expect(lines).toContainEqual(['GUARD', 'ACTION', 'STAGES WAIT FOR', 'shadow', 'five', 'all']);
  expect(lines).toContainEqual(['errors', 'rollback', 'shown', 'pairs', 'canary', '-']);
  expect(lines).toContainEqual(['ctr', 'pause', 'shown', '-', 'canary', '-']);
  expect(lines).toContainEqual(['shadow', 'ctr', 'not applicable: at weight 0: outcomes need both arms', '-', '-']);
  const five = lines.find(([stage, guard]) => stage === 'five' && guard === 'errors');
  expect(five?.[2]).toMatch(/^[\d,]+ requests, about [\d.]+ (min|h)/);
  expect(five?.[3]).toBe('errors 0.1 % -> 0.2 %');
  expect(out).toContain('of at most 0.02 (errors 0.01 + ctr 0.01); 0.1 are allowed');
  expect(out).not.toContain('search');
});

test('a stage that is given up before it can be over at this rate is said to pause', async () => {
  const { out } = await plan(good, nobody, 'ranker', '--rate', '1');
  const lines = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(lines[2]?.slice(-2)).toEqual(['about 6 h', 'pauses after 2 h']);
});

test('without a name it is of all rollouts, and as JSON one a line', async () => {
  const { out } = await plan(good, nobody, '--json');
  const plans = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(plans.map(({ rollout: name, rate }) => [name, rate])).toEqual([
    ['ranker', 'assumed'],
    ['search', 'assumed'],
  ]);
  expect(plans[0].stages[1].guards[0].needs).toMatchObject({ n: expect.any(Number), ms: expect.any(Number) });
});

test('a sidecar that answers says what the rate is', async () => {
  await using stage = await startAdminStage();
  const { out } = await plan(good, stage.socketPath, 'ranker');
  expect(out).toMatch(/^ranker: .* requests a second, as the sidecar has seen\n/);
});

test('a plan in which a stage would be passed unjudged is shown and refused, with 1', async () => {
  // the socket is then looked up in the file that is refused
  const bad = `sockets: { admin: ${nobody} }\nrollouts:${rollout('ranker', '[{ name: split, metric: srm }]')}`;
  const { code, out, errors } = await plan(bad, undefined);
  expect(code).toBe(1);
  expect(out).toContain('ranker: 3 stages');
  expect(errors).toMatch(/^the plan is refused\n.*understudy\.yaml:11:9: rollouts\[0\]\.stages\[0\]: expected a guard/);
});

test('a plan with a name is written out so that it can take the place of its name', async () => {
  const named = `rollouts:${rollout('ranker', '[{ name: p95, metric: latency, quantile: 0.95, max: 80ms }]').replace(/ {4}stages:[\s\S]*(?= {4}guards:)/, '    plan: { preset: recommended, outcome: click }\n')}`;
  const { code, out } = await plan(named, nobody, '--yaml');
  expect(code).toBe(0);
  expect(out).toMatch(/^ {4}# ranker: recommended\n {4}stages:\n {6}- \{ name: shadow, weight: 0%, /);
  const pasted = named.replace(/ {4}plan:[\s\S]*$/, out);
  expect(pasted).not.toContain('plan:');
  const told = async (file: string) => JSON.parse((await plan(file, nobody, '--json')).out);
  expect(await told(pasted)).toEqual(await told(named));
  expect((await told(named)).stages).toHaveLength(6);
  expect((await plan(good, nobody, 'ranker', '--yaml')).out).toBe(
    '# ranker has no plan: its stages and guards are its own\n',
  );
});

test('an unknown rollout and a wrong configuration are wrong usage', async () => {
  expect(await plan(good, nobody, 'rnker')).toMatchObject({
    code: 2,
    errors: 'no rollout "rnker" in the configuration: it has ranker, search\n',
  });
  expect((await plan('rollouts: []', nobody)).code).toBe(2);
  expect((await plan(good, nobody, '--rate', '0')).code).toBe(2);
});
