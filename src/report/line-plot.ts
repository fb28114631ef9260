/** A line plot as SVG. Pure. */
import { type Markup, markup } from './markup.ts';

export interface Series {
  readonly name: string;
  /** CSS class of its colour. */
  readonly colour: string;
  /** `y` null: the line is interrupted. In order of `x`. */
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
}

export interface LinePlot {
  readonly title: string;
  readonly series: readonly Series[];
  readonly x: { readonly from: number; readonly until: number; readonly label: (value: number) => string };
  readonly y: { readonly until: number; readonly label: (value: number) => string };
}

export const WIDTH = 640;
const HEIGHT = 190;
const LEFT = 62;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;

/** Every series over the same axes; y begins at 0, so that small changes look small. */
export function linePlot({ title, series, x, y }: LinePlot): Markup {
  const toX = (value: number) => LEFT + ((value - x.from) / (x.until - x.from || 1)) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number) => HEIGHT - BOTTOM - (value / (y.until || 1)) * (HEIGHT - TOP - BOTTOM);
  const yMarks = roundMarks(y.until, 4).filter((value) => value <= y.until);
  const xMarks = [0, 0.25, 0.5, 0.75, 1].map((share) => x.from + share * (x.until - x.from));
  const lines = series.map((one) => drawSeries(one, toX, toY));
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}"><title>${title}</title>
${yMarks.map(
  (
    value,
  ) => markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(toY(value))}" y2="${at(toY(value))}"/>
<text class="end" x="${LEFT - 6}" y="${at(toY(value) + 4)}">${y.label(value)}</text>`,
)}
${xMarks.map(
  (value, place) =>
    markup`<text class="${place === 0 ? 'start' : place === 4 ? 'end' : 'middle'}" x="${at(toX(value))}" y="${HEIGHT - 6}">${x.label(value)}</text>`,
)}
${lines}</svg>`;
}

/** Colours with their names, above a plot. */
export function legend(entries: readonly { readonly name: string; readonly colour: string }[]): Markup {
  return markup`<p class="legend">${entries.map(({ name, colour }) => markup`<span class="${colour}"><i></i>${name}</span>`)}</p>`;
}

function drawSeries(
  { colour, points }: Series,
  toX: (value: number) => number,
  toY: (value: number) => number,
): readonly Markup[] {
  const stretches: string[][] = [[]];
  for (const { x, y } of points) {
    if (y === null) stretches.push([]);
    else stretches.at(-1)?.push(`${at(toX(x))},${at(toY(y))}`);
  }
  return stretches
    .filter((stretch) => stretch.length > 0)
    .map((stretch) =>
      // a line of one point would not be seen
      stretch.length === 1
        ? markup`<circle class="${colour}" r="2.5" cx="${stretch[0]?.split(',')[0] ?? ''}" cy="${stretch[0]?.split(',')[1] ?? ''}"/>`
        : markup`<polyline class="${colour}" points="${stretch.join(' ')}"/>`,
    );
}

/** Round values from 0 that reach `until`, about `wanted` of them. */
export function roundMarks(until: number, wanted: number): number[] {
  if (!(until > 0) || !Number.isFinite(until)) return [0];
  const rough = until / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999) ?? rough;
  return Array.from({ length: Math.floor(until / step + 1e-9) + 1 }, (_, n) => Number((n * step).toPrecision(12)));
}

/** A coordinate; a tenth of a unit is finer than a screen. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}
