/** Latency quantiles, histogram and segments as SVG. Pure. */
import { count, milliseconds, number, percent, times } from './format.ts';
import { at, WIDTH } from './line-plot.ts';
import { type Markup, markup, nothing } from './markup.ts';
import type { Bin, Quantiles, SegmentReport } from './report.ts';

const LEFT = 62;
const RIGHT = 12;

const QUANTILES = [
  ['p50', ({ p50 }: Quantiles) => p50],
  ['p95', ({ p95 }: Quantiles) => p95],
  ['p99', ({ p99 }: Quantiles) => p99],
  ['p99.9', ({ p999 }: Quantiles) => p999],
] as const;

/** One line for each quantile, a dot for each side, on a logarithmic axis; nothing when there are no values. */
export function quantilePlot(title: string, reference: Quantiles, candidate: Quantiles): Markup {
  const rows = QUANTILES.map(([name, of]) => ({ name, reference: of(reference), candidate: of(candidate) })).filter(
    (row) => row.reference !== null || row.candidate !== null,
  );
  const values = rows.flatMap((row) => [row.reference, row.candidate]).filter((value) => value !== null && value > 0);
  if (values.length === 0) return nothing;
  const [from, until] = decades(Math.min(...(values as number[])), Math.max(...(values as number[])));
  const right = WIDTH - 130;
  const toX = (value: number) =>
    LEFT + ((Math.log10(Math.max(value, from)) - Math.log10(from)) / Math.log10(until / from)) * (right - LEFT);
  const height = rows.length * 26 + 24;
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}"><title>${title}</title>
${logMarks(from, until).map(
  (value) => markup`<line class="grid" x1="${at(toX(value))}" x2="${at(toX(value))}" y1="0" y2="${height - 20}"/>
<text class="middle" x="${at(toX(value))}" y="${height - 5}">${number(value)} ms</text>`,
)}
${rows.map((row, n) => {
  const y = n * 26 + 14;
  const dots = [
    ['reference', row.reference],
    ['candidate', row.candidate],
  ] as const;
  const both = row.reference !== null && row.candidate !== null;
  return markup`<text class="end" x="${LEFT - 6}" y="${y + 4}">${row.name}</text>
${both ? markup`<line class="between" x1="${at(toX(row.reference ?? 0))}" x2="${at(toX(row.candidate ?? 0))}" y1="${y}" y2="${y}"/>` : nothing}
${dots.map(([side, value]) => (value === null ? nothing : markup`<circle class="${side}" r="5" cx="${at(toX(value))}" cy="${y}"/>`))}
<text x="${right + 14}" y="${y + 4}">${milliseconds(row.reference)} → ${milliseconds(row.candidate)}</text>`;
})}</svg>`;
}

/** Counts of differences, below 0 in the one colour, above in the other. Heights are logarithmic: few large differences are what is looked for. */
export function histogramPlot(title: string, bins: readonly Bin[]): Markup {
  const most = Math.max(0, ...bins.map((bin) => bin.count));
  const [first, last] = [bins[0], bins.at(-1)];
  if (most === 0 || first === undefined || last === undefined) return nothing;
  const height = 150;
  const floor = height - 24;
  const span = last.to - first.from || 1;
  const toX = (value: number) => LEFT + ((value - first.from) / span) * (WIDTH - LEFT - RIGHT);
  const share = (value: number) => Math.log10(value + 1) / Math.log10(most + 1);
  const toY = (value: number) => floor - share(value) * (floor - 10);
  const powers = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, power) => 10 ** power);
  const zero = first.from < 0 && last.to > 0 ? [0] : [];
  const marks = [first.from, ...zero, last.to];
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}"><title>${title}</title>
${powers.map(
  (
    value,
  ) => markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(toY(value))}" y2="${at(toY(value))}"/>
<text class="end" x="${LEFT - 6}" y="${at(toY(value) + 4)}">${number(value)}</text>`,
)}
${bins
  .filter((bin) => bin.count > 0)
  .map(
    (bin) =>
      markup`<rect class="${bin.to <= 0 ? 'reference' : 'candidate'}" x="${at(toX(bin.from))}" width="${at(Math.max(1, toX(bin.to) - toX(bin.from) - 1))}" y="${at(Math.min(toY(bin.count), floor - 1))}" height="${at(Math.max(1, floor - toY(bin.count)))}"><title>${number(bin.from)} to ${number(bin.to)}: ${bin.count}</title></rect>`,
  )}
${marks.map(
  (value, n) =>
    markup`<text class="${n === 0 ? 'start' : n === marks.length - 1 ? 'end' : 'middle'}" x="${at(toX(value))}" y="${height - 6}">${number(value)}</text>`,
)}</svg>`;
}

/** Disagreement by segment with its 95 % interval. */
export function segmentPlot(title: string, segments: readonly SegmentReport[]): Markup {
  if (segments.length === 0) return nothing;
  const left = 190;
  const right = WIDTH - 150;
  const height = segments.length * 20 + 4;
  const toX = (share: number) => left + share * (right - left);
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}"><title>${title}</title>
${segments.map(({ segment, value, disagreement: { share, low, high, of }, ratio }, n) => {
  const y = n * 20 + 3;
  return markup`<text class="end" x="${left - 8}" y="${y + 11}">${short(`${segment}=${value}`)}</text>
<rect class="track" x="${left}" width="${right - left}" y="${y}" height="14"/>
<rect class="candidate" x="${left}" width="${at(Math.max(0, toX(share ?? 0) - left))}" y="${y}" height="14"/>
<line class="whisker" x1="${at(toX(low))}" x2="${at(toX(high))}" y1="${y + 7}" y2="${y + 7}"/>
<text x="${right + 8}" y="${y + 11}">${percent(share)} of ${count(of)}${ratio === null ? '' : `, ${times(ratio)}`}</text>`;
})}</svg>`;
}

function short(text: string): string {
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}

/** Bounds of a logarithmic axis, at 1, 2 or 5 times a power of ten. */
function decades(least: number, most: number): readonly [number, number] {
  const steps = [1, 2, 5];
  const below = steps.map((step) => step * 10 ** Math.floor(Math.log10(least))).filter((value) => value <= least);
  const above = [...steps, 10].map((step) => step * 10 ** Math.floor(Math.log10(most))).filter((value) => value > most);
  return [below.at(-1) ?? least, above[0] ?? most * 2];
}

function logMarks(from: number, until: number): number[] {
  const marks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(until)); power++) {
    for (const step of [1, 2, 5]) marks.push(Number((step * 10 ** power).toPrecision(6)));
  }
  const within = marks.filter((value) => value >= from * 0.999 && value <= until * 1.001);
  return within.length <= 8 ? within : within.filter((value) => /^10*$|^0\.0*1$/.test(String(value)));
}
