/**
 * Asks metrics sources for guards of kind `prometheus`, off everybody's path. An answer that does not come, or is not one
 * number, is no answer: nothing is judged by it, and the reason is kept.
 * Source of the API: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
 */
import type { GuardSpec } from '../guards/spec.ts';

export interface PrometheusSource {
  /** Newest answers since the last call, by guard. */
  samples(rollout: string): Readonly<Record<string, number>>;
  /** To be called each second: asks those whose time it is. */
  tick(): void;
  stop(): void;
}

/** `answered`, `failed`: queries. */
export type PrometheusCounter = 'prometheus.answered' | 'prometheus.failed';

interface Asked {
  askedMs: number;
  asking: boolean;
  /** Said once, and again when it is another. */
  failure: string;
}

const TIMEOUT_MS = 5_000;
/** An answer is one number and its labels. */
const MAX_ANSWER_BYTES = 64 * 1024;

export function createPrometheusSource(parts: {
  readonly rollouts: () => readonly { readonly name: string; readonly guards?: readonly GuardSpec[] }[];
  readonly count: (name: PrometheusCounter) => void;
  readonly log: (line: string) => void;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly ask?: (url: string, signal: AbortSignal) => Promise<number>;
}): PrometheusSource {
  const { rollouts, count, log, nowMs, ask = askPrometheus } = parts;
  const asked = new Map<string, Asked>();
  const samples = new Map<string, Record<string, number>>();
  const stopping = new AbortController();

  return {
    samples(rollout) {
      const taken = samples.get(rollout) ?? {};
      samples.delete(rollout);
      return taken;
    },
    tick() {
      const wanted = new Set<string>();
      for (const { name, guards = [] } of rollouts()) {
        for (const guard of guards) {
          if (guard.what.metric !== 'prometheus') continue;
          const key = `${name}\0${guard.name}`;
          wanted.add(key);
          void askFor(key, name, guard.name, guard.what);
        }
      }
      for (const key of asked.keys()) if (!wanted.has(key)) asked.delete(key);
    },
    stop: () => stopping.abort(),
  };

  async function askFor(
    key: string,
    rollout: string,
    guard: string,
    { url, query, everyMs }: { readonly url: string; readonly query: string; readonly everyMs: number },
  ): Promise<void> {
    const state = asked.get(key) ?? { askedMs: Number.NEGATIVE_INFINITY, asking: false, failure: '' };
    asked.set(key, state);
    if (state.asking || nowMs() - state.askedMs < everyMs) return;
    state.asking = true;
    state.askedMs = nowMs();
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const value = await ask(queryUrl(url, query), signal);
      samples.set(rollout, { ...samples.get(rollout), [guard]: value });
      count('prometheus.answered');
      state.failure = '';
    } catch (error) {
      if (stopping.signal.aborted) return;
      count('prometheus.failed');
      const failure = error instanceof Error ? error.message : String(error);
      if (failure !== state.failure) log(`guard ${guard} of ${rollout} has no answer from ${url}: ${failure}`);
      state.failure = failure;
    } finally {
      state.asking = false;
    }
  }
}

function queryUrl(url: string, query: string): string {
  const full = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`);
  full.searchParams.set('query', query);
  return full.href;
}

/** The one number of an instant query. Rejects with a sentence. */
export async function askPrometheus(url: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  const text = await textOf(response);
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${errorOf(text)}`);
  return numberIn(text);
}

async function textOf(response: Response): Promise<string> {
  let bytes = 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes; expected one number`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function errorOf(text: string): string {
  try {
    return String((JSON.parse(text) as { error?: unknown }).error ?? '').slice(0, 200);
  } catch {
    return 'not JSON';
  }
}

interface Answer {
  readonly data?: {
    readonly resultType?: string;
    readonly result?: readonly unknown[];
  };
}

/** Throws a sentence when the answer to an instant query is not exactly one finite number. */
export function numberIn(text: string): number {
  let answer: Answer;
  try {
    answer = JSON.parse(text) as Answer;
  } catch {
    throw new Error('expected JSON of the Prometheus API, found something else');
  }
  const { resultType, result = [] } = answer.data ?? {};
  if (resultType !== 'vector' && resultType !== 'scalar') {
    throw new Error(`expected a vector or a scalar, found ${resultType ?? 'nothing'}`);
  }
  if (resultType === 'vector' && result.length !== 1) {
    throw new Error(`expected one series, found ${result.length}: the query must give one number`);
  }
  const pair = resultType === 'scalar' ? result : (result[0] as { value?: readonly unknown[] } | undefined)?.value;
  const value = Number(pair?.[1] ?? Number.NaN);
  if (!Number.isFinite(value)) throw new Error(`expected a finite number, found ${String(pair?.[1])}`);
  return value;
}
