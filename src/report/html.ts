/** A report as one HTML file that needs nothing else: no script, no font, no address. Pure. */
import { histogramPlot, quantilePlot, segmentPlot } from './bar-plots.ts';
import type { Block, Plot, TableBlock } from './blocks.ts';
import { reportBlocks } from './document.ts';
import { number, percent } from './format.ts';
import { legend, linePlot, type Series } from './line-plot.ts';
import { Markup, markup, nothing } from './markup.ts';
import type { Report, TrendPoint } from './report.ts';
import { STYLE } from './style.ts';

export function renderHtml(report: Report): string {
  const blocks = reportBlocks(report).map((block) => drawBlock(block, report));
  return `${
    markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Understudy report ${new Date(report.period.fromMs).toISOString().slice(0, 10)}</title>
<style>${new Markup(STYLE)}</style></head>
<body><main>
${blocks}
<footer>Understudy ${report.version}, report schema ${report.schemaVersion}. Times are UTC.</footer>
</main></body></html>`.text
  }\n`;
}

function drawBlock(block: Block, report: Report): Markup {
  switch (block.is) {
    case 'heading': {
      const tag = new Markup(`h${block.level}`);
      return markup`<${tag}>${inline(block.text)}</${tag}>\n`;
    }
    case 'paragraph':
      return markup`<p>${inline(block.text)}</p>\n`;
    case 'answer':
      return markup`<ul class="answer">${block.headlines.map(({ tone, text }) => markup`<li class="${tone}">${inline(text)}</li>\n`)}</ul>\n`;
    case 'list':
      return markup`<ul>${block.items.map((item) => markup`<li>${inline(item)}</li>\n`)}</ul>\n`;
    case 'table':
      return drawTable(block);
    case 'plot': {
      const plot = drawPlot(block.title, block.plot, report);
      return plot === nothing ? nothing : markup`<figure><figcaption>${block.title}</figcaption>${plot}</figure>\n`;
    }
  }
}

function drawTable({ heads, rows, words }: TableBlock): Markup {
  const cells = (tag: string, row: readonly string[]) => {
    const name = new Markup(tag);
    return row.map(
      (cell, column) =>
        markup`<${name}${column < words ? nothing : new Markup(' class="n"')}>${inline(cell)}</${name}>`,
    );
  };
  return markup`<div class="scroll"><table><thead><tr>${cells('th', heads)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${cells('td', row)}</tr>\n`)}</tbody></table></div>\n`;
}

function inline(text: string): readonly Markup[] {
  return text
    .split('`')
    .map((part, n) => (n % 2 === 1 && part !== '' ? markup`<code>${part}</code>` : markup`${part}`));
}

function drawPlot(title: string, plot: Plot, report: Report): Markup {
  switch (plot.kind) {
    case 'quantiles': {
      const drawn = quantilePlot(title, plot.reference, plot.candidate);
      return drawn === nothing ? nothing : markup`${legend(SIDES)}${drawn}`;
    }
    case 'histogram':
      return histogramPlot(title, plot.bins);
    case 'segments':
      return segmentPlot(title, plot.segments);
    default:
      return drawTrend(title, plot.kind, plot.trend, report);
  }
}

const SIDES = [
  { name: 'reference', colour: 'reference' },
  { name: 'candidate', colour: 'candidate' },
];

/** More lines than there are colours could not be told apart; the rest is in the tables. */
const MAX_LINES = 6;

function drawTrend(
  title: string,
  kind: 'disagreement' | 'latency' | 'pairs',
  trend: readonly TrendPoint[],
  report: Report,
): Markup {
  const series = trendSeries(kind, trend, report.bucketMs).filter(({ points }) => points.some(({ y }) => y !== null));
  if (trend.length < 2 || series.length === 0) return nothing;
  const highest = Math.max(...series.flatMap(({ points }) => points.map(({ y }) => y ?? 0)));
  const [label, least] = AXES[kind];
  const { fromMs, untilMs } = report.period;
  const plot = linePlot({
    title,
    series,
    x: { from: fromMs, until: untilMs, label: (ms) => shortTime(ms, untilMs - fromMs) },
    y: { until: Math.max(highest * 1.05, least), label },
  });
  return markup`${legend(series)}${plot}`;
}

/** Of each kind how a value is written, and the least height of the axis: noise must not look like mountains. */
const AXES = {
  disagreement: [(value: number) => percent(value, value < 0.01 && value > 0 ? 1 : 0), 0.01],
  latency: [(value: number) => `${number(value)} ms`, 0.001],
  pairs: [number, 1],
} as const;

function trendSeries(
  kind: 'disagreement' | 'latency' | 'pairs',
  trend: readonly TrendPoint[],
  bucketMs: number,
): Series[] {
  const series = (name: string, colour: string, of: (point: TrendPoint) => number | null) => {
    return { name, colour, points: withGaps(trend, bucketMs, of) };
  };
  if (kind === 'pairs') return [series('pairs', 'c5', ({ pairs }) => pairs)];
  if (kind === 'latency') {
    return [
      series('reference', 'reference', ({ referenceP95 }) => referenceP95),
      series('candidate', 'candidate', ({ candidateP95 }) => candidateP95),
    ];
  }
  const names = [...new Set(trend.flatMap(({ disagreement }) => Object.keys(disagreement)))].slice(0, MAX_LINES);
  if (names.length === 0) return [series('body differs', 'c0', ({ bodyDifferent }) => bodyDifferent)];
  return names.map((name, n) => series(name, `c${n}`, ({ disagreement }) => disagreement[name] ?? null));
}

/** A bucket that is not there interrupts the line. Points stand in the middle of their bucket. */
function withGaps(
  trend: readonly TrendPoint[],
  bucketMs: number,
  of: (point: TrendPoint) => number | null,
): Series['points'] {
  return trend.flatMap((point, n) => {
    const before = trend[n - 1];
    const here = { x: point.fromMs + bucketMs / 2, y: of(point) };
    const gap = before !== undefined && point.fromMs - before.fromMs > bucketMs;
    return gap ? [{ x: before.fromMs + bucketMs, y: null }, here] : [here];
  });
}

function shortTime(ms: number, periodMs: number): string {
  const iso = new Date(ms).toISOString();
  return periodMs > 2 * 86_400_000 ? iso.slice(5, 10) : `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
}
