/** A strict reader of the Prometheus text format 0.0.4: whatever a scraper could stumble over is an error. */

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ReadSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  summary: ['', '_sum', '_count'],
  histogram: ['_bucket', '_sum', '_count'],
};

/** Families by name. Throws on anything that is not well-formed. */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ReadFamily>();
  const series = new Set<string>();
  let help: [name: string, text: string] | undefined;
  let family: ReadFamily | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/s.exec(line) ?? [];
    if (kind === 'HELP') {
      help = [name, unescaped(rest)];
      continue;
    }
    if (kind === 'TYPE') {
      if (help?.[0] !== name || !NAME.test(name)) throw new Error(`${name} has no HELP before its TYPE`);
      if (families.has(name)) throw new Error(`${name} is there twice`);
      if (SUFFIXES[rest] === undefined) throw new Error(`${name} has the type ${rest}`);
      family = { name, type: rest, help: help[1], samples: [] };
      families.set(name, family);
      continue;
    }
    const sample = readSample(line);
    if (family === undefined || !SUFFIXES[family.type]?.includes(sample.name.slice(family.name.length)))
      throw new Error(`${line} is not below its TYPE`);
    if (!sample.name.startsWith(family.name)) throw new Error(`${line} is not of ${family.name}`);
    const key = seriesOf(sample);
    if (series.has(key)) throw new Error(`${key} is there twice`);
    series.add(key);
    family.samples.push(sample);
  }
  for (const known of families.values()) if (known.type === 'histogram') checkHistogram(known);
  return families;
}

/** Name and labels, in any order. */
export function seriesOf({ name, labels }: ReadSample): string {
  return `${name}${JSON.stringify(Object.entries(labels).sort())}`;
}

function readSample(line: string): ReadSample {
  const [, name, inner = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const match = LABEL.exec(inner);
    if (match === null) throw new Error(`not a list of labels: ${inner}`);
    const [, label = '', value = ''] = match;
    if (label in labels) throw new Error(`${label} is there twice: ${line}`);
    labels[label] = unescaped(value);
  }
  if (inner.endsWith(',')) throw new Error(`a label is missing: ${inner}`);
  return { name, labels, value: readNumber(number) };
}

function readNumber(text: string): number {
  if (/^[+-]Inf$/.test(text)) return text.startsWith('+') ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function checkHistogram({ name, samples }: ReadFamily): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => readNumber(labels.le ?? ''));
  const counts = buckets.map(({ value }) => value);
  const rises = (values: number[]) => values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));
  if (!rises(bounds) || !rises(counts)) throw new Error(`${name} does not rise`);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY || counts.at(-1) !== count) throw new Error(`${name} does not add up`);
}
