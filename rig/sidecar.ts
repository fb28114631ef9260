import { join, resolve } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { type ListRolloutsResponse, RolloutAdminClient } from '../src/gen/understudy/admin/v1/admin.ts';
import { type Child, startChild } from './child.ts';
import { until } from './until.ts';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');
const READY_MS = 30_000;

/** A running Understudy. It dies with this process. */
export type Sidecar = Child & {
  readonly admin: RolloutAdminClient;
  rollouts(): Promise<ListRolloutsResponse>;
};

/**
 * Starts `understudy serve` and resolves when its admin socket answers, which it does last. Rejects with what it printed
 * when it ends first. `env` is added to ours.
 */
export async function startSidecar(
  configFile: string,
  adminSocket: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Sidecar> {
  const child = await startChild(process.execPath, [MAIN, 'serve', '--config', configFile], env);
  const admin = new RolloutAdminClient(`unix:${adminSocket}`, credentials.createInsecure());
  const rollouts = () =>
    new Promise<ListRolloutsResponse>((resolve, reject) =>
      admin.listRollouts({}, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  const ready = async () => !child.running() || (await rollouts());
  const stop = async () => {
    admin.close();
    await child.stop();
  };
  const serves = await until(ready, { what: 'Understudy serves', timeoutMs: READY_MS }).catch(() => true);
  if (serves === true) {
    await stop();
    throw new Error(`Understudy did not start\n${child.log()}`);
  }
  return { ...child, admin, rollouts, stop };
}

/** Socket and store paths inside `folder`, as understudy.yaml names them. */
export function sidecarPaths(folder: string) {
  return {
    sockets: {
      decide: join(folder, 'decide.sock'),
      observe: join(folder, 'observe.sock'),
      admin: join(folder, 'admin.sock'),
    },
    store: join(folder, 'understudy.db'),
  };
}
