/** What a process used, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of CPU by thread name, threads of one name together; `all` is the sum. */
export type CpuUs = Readonly<Record<string, number>>;

export function cpuOf(pid: number): CpuUs {
  const used: Record<string, number> = { all: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
    // nanoseconds on a CPU, nanoseconds waiting for one, time slices
    const [onCpuNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    const us = Number(onCpuNs) / 1_000;
    used[name] = (used[name] ?? 0) + us;
    used.all = (used.all ?? 0) + us;
  }
  return used;
}

/** What was used between two readings, for each of `requests`. */
export function perRequest(before: CpuUs, after: CpuUs, requests: number): CpuUs {
  return Object.fromEntries(Object.entries(after).map(([name, us]) => [name, (us - (before[name] ?? 0)) / requests]));
}

export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
