/** Gathers the facts: Envoy's admin endpoint, and what stands at the socket paths. */
import { statSync } from 'node:fs';
import type { Config } from '../config/parse.ts';
import { probeSocket } from '../sockets/claim.ts';
import type { EnvoyFacts, SocketFacts } from './facts.ts';

const ANSWER_TIMEOUT_MS = 10_000;
/** Only these counters are examined; a large Envoy has a hundred thousand. */
const STATS = String.raw`(\.ext_proc\.|\.downstream_rq_total$|\.membership_healthy$|\.logs_(written|dropped)$|\.lua\.errors$)`;

/** What the admin endpoint at `url` says. Rejects with the reason when it does not say it within 10 s. */
export async function collectEnvoy(url: string): Promise<EnvoyFacts> {
  const askedAtMs = Date.now();
  const info = await ask(url, '/server_info');
  const [configDump, stats] = await Promise.all([
    ask(url, '/config_dump?include_eds'),
    ask(url, `/stats?format=json&filter=${encodeURIComponent(STATS)}`),
  ]);
  return {
    serverInfo: info.body,
    configDump: configDump.body,
    stats: stats.body,
    clockAheadMs: clockAheadMs(info.date, askedAtMs, info.answeredAtMs),
  };
}

/** What stands at each Unix socket that `config` names. */
export function collectSockets({ sockets }: Config): Promise<SocketFacts[]> {
  const named = [
    ...sockets.decide.map((path) => ({ use: 'decide', path }) as const),
    { use: 'observe', path: sockets.observe } as const,
    { use: 'admin', path: sockets.admin } as const,
  ];
  return Promise.all(
    named
      .filter(({ path }) => path.startsWith('/'))
      .map(async ({ use, path }) => {
        const { kind, mode } = look(path);
        const refusal = kind === 'socket' ? (await probeSocket(path)).refusal : undefined;
        return { use, path, kind, mode, refusal };
      }),
  );
}

/** The least that explains a Date header, which holds whole seconds, of an answer that took its time. */
export function clockAheadMs(date: string | null, askedAtMs: number, answeredAtMs: number): number {
  const earliestMs = Date.parse(date ?? '');
  if (Number.isNaN(earliestMs)) return 0;
  return Math.max(0, earliestMs - answeredAtMs) + Math.min(0, earliestMs + 1_000 - askedAtMs);
}

async function ask(url: string, path: string) {
  try {
    const answer = await fetch(new URL(path, url), { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const answeredAtMs = Date.now();
    if (!answer.ok) throw new Error(`it answers ${answer.status} to ${path}`);
    return { body: (await answer.json()) as unknown, date: answer.headers.get('date'), answeredAtMs };
  } catch (error) {
    throw new Error(`no Envoy answers at ${url} (${fetchFailure(error)})`, { cause: error });
  }
}

/** Why a fetch failed, in a word or two. */
export function fetchFailure(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;
}

function look(path: string): Pick<SocketFacts, 'kind' | 'mode'> {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return { kind: 'missing', mode: 0 };
    return stats.isSocket() ? { kind: 'socket', mode: stats.mode & 0o777 } : { kind: 'other', mode: 0 };
  } catch {
    return { kind: 'hidden', mode: 0 };
  }
}
