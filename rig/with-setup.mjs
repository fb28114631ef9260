// Runs a command of this project on a fresh clone: installs what is missing, then hands over to the pinned Node.
//   node rig/with-setup.mjs vitest run test/unit
//   node rig/with-setup.mjs demo/main.ts
// Plain JavaScript for Node 20, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.understudy-lock');
const lock = join(root, '.cache', 'setup.lock');

async function main([what, ...args]) {
  if (what !== 'vitest' && !what?.endsWith('.ts')) {
    throw new Error('usage: node rig/with-setup.mjs vitest [arguments] | <file>.ts [arguments]');
  }
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (installed() !== wanted) await alone(() => install(wanted));

  const script = what === 'vitest' ? join(modules, 'vitest', 'vitest.mjs') : what;
  const path = [join(modules, '.bin'), process.env.PATH].join(delimiter);
  const child = spawn(node(), [script, ...args], { stdio: 'inherit', env: { ...process.env, PATH: path } });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    // A terminal sends Ctrl-C to the whole group itself; sent twice, it would mean "stop at once" to many programs.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  const { code, signal } = await ended(child);
  if (signal === null) return code;
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function installed() {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

async function install(wanted) {
  if (installed() === wanted) return;
  const why = existsSync(modules) ? 'node_modules is not what package-lock.json asks for' : 'node_modules is missing';
  console.error(`installing dependencies with npm ci: ${why}`);
  // Tests need what NODE_ENV=production would leave out, and the pinned Node is an optional package.
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts'];
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const { code } = await ended(npm);
  if (code !== 0) throw new Error(`npm ci failed\n${output}`);
  writeFileSync(stamp, wanted);
}

/** Holds a lock while `work` runs. The lock is a link to nowhere: made in one step together with its holder's id. */
async function alone(work) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; !taken(); await wait(200)) {
    const pid = holder();
    if (pid === undefined) continue;
    if (!alive(pid)) rmSync(lock, { force: true });
    else if (!told) console.error(`waiting for process ${pid}, which is installing dependencies`);
    told = true;
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken() {
  try {
    symlinkSync(String(process.pid), lock);
    return true;
  } catch (failure) {
    if (failure.code === 'EEXIST') return false;
    throw failure;
  }
}

function holder() {
  try {
    return Number(readlinkSync(lock));
  } catch {
    return undefined;
  }
}

function alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (failure) {
    return failure.code === 'EPERM';
  }
}

function node() {
  const pinned = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  const here = `${process.platform}-${process.arch}`;
  throw new Error(`Node 24 or newer is needed: this is ${process.version}, and none is packaged for ${here}`);
}

function ended(child) {
  return new Promise((settle, reject) => {
    child.once('error', (cause) => reject(new Error(`cannot run ${child.spawnfile}: ${cause.message}`)));
    child.once('close', (code, signal) => settle({ code, signal }));
  });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (failure) => {
    console.error(`understudy: ${failure.message}`);
    process.exitCode = 1;
  },
);
