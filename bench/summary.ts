/** From rounds to medians, spreads, ratios and a Markdown table; pure. */
import type { CpuUs } from './process-use.ts';

/** One set-up in one round. */
export interface Round {
  readonly setUp: string;
  /** Closed loop, as fast as answers come. */
  readonly saturation: { readonly perSecond: number; readonly envoyUs: CpuUs; readonly sidecarUs: CpuUs | undefined };
  /** Open loop, at the rate of the run. */
  readonly paced: {
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly envoyUs: CpuUs;
    readonly sidecarUs: CpuUs | undefined;
  };
  readonly envoyMiB: number;
  readonly sidecarMiB: number | undefined;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min = Number.NaN] = sorted;
  return { median: quantile(sorted, 0.5), min, max: sorted.at(-1) ?? Number.NaN };
}

/** Of values in ascending order. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** The table of a run; the first set-up is what the others are measured against, round by round. */
export function table(setUps: readonly string[], rounds: readonly Round[], pacedPerSecond: number): string {
  const of = (setUp: string) => rounds.filter((round) => round.setUp === setUp);
  const [base = ''] = setUps;
  const bases = of(base);
  const saturated = (setUp: string) => Math.round(spreadOf(of(setUp).map((r) => r.saturation.perSecond)).median);

  type Cell = (setUp: string) => readonly number[];
  const thread = (at: 'saturation' | 'paced', name: string): Cell => {
    return (setUp) => of(setUp).flatMap((round) => round[at].sidecarUs?.[name] ?? []);
  };
  const added = (value: (round: Round) => number): Cell => {
    return (setUp) => (setUp === base ? [] : of(setUp).map((round, n) => value(round) - value(bases[n] as Round)));
  };
  const rows: [what: string, cell: Cell, digits: number][] = [
    ['requests/s at saturation', (setUp) => of(setUp).map((r) => r.saturation.perSecond), 0],
    [
      'ratio to without us',
      (setUp) => of(setUp).map((r, n) => r.saturation.perSecond / (bases[n] as Round).saturation.perSecond),
      2,
    ],
    [`p50 added at ${pacedPerSecond}/s, ms`, added((r) => r.paced.p50Ms), 2],
    [`p99 added at ${pacedPerSecond}/s, ms`, added((r) => r.paced.p99Ms), 2],
    ...(['paced', 'saturation'] as const).flatMap((at): [string, Cell, number][] => {
      const rate = at === 'paced' ? `at ${pacedPerSecond}/s` : 'at saturation';
      return [
        [`Envoy, us CPU a request ${rate}`, (setUp) => of(setUp).map((r) => r[at].envoyUs.all ?? 0), 0],
        [`decide thread, us ${rate}`, thread(at, 'decide-0'), 0],
        [`observe thread, us ${rate}`, thread(at, 'observe'), 0],
        [`control thread, us ${rate}`, thread(at, 'MainThread'), 0],
        [`V8's helpers, us ${rate}`, thread(at, 'V8Worker'), 0],
      ];
    }),
    ['Envoy, MiB', (setUp) => of(setUp).map((r) => r.envoyMiB), 0],
    ['Understudy, MiB', (setUp) => of(setUp).flatMap((r) => r.sidecarMiB ?? []), 0],
  ];
  const lines = rows.map(([what, cell, digits]) => {
    const cells = setUps.map((setUp) => {
      const values = cell(setUp);
      if (values.length === 0) return '-';
      const { median, min, max } = spreadOf(values);
      return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
    });
    return `| ${[what, ...cells].join(' | ')} |`;
  });
  const rates = setUps.map((setUp) => `${setUp}: ${saturated(setUp)}/s`).join(', ');
  return [
    `| median (lowest to highest) | ${setUps.join(' | ')} |`,
    `|---|${setUps.map(() => '---').join('|')}|`,
    ...lines,
    '',
    `"At saturation" is a different rate for each: ${rates}.`,
  ].join('\n');
}
