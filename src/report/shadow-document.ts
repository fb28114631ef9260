/** What one shadow showed, as headings, tables and plots. Pure. */
import { type Block, code, errorsText, latencyCells } from './blocks.ts';
import { fieldBlocks, fieldTable } from './field-document.ts';
import { change, count, milliseconds, percent, time } from './format.ts';
import type { Example, ExampleSide, Parity, ShadowReport, SideReport } from './report.ts';

export function shadowBlocks(shadow: ShadowReport, bucketMs: number): Block[] {
  const { reference, candidate, trend, fields } = shadow;
  return [
    { is: 'heading', level: 3, text: `Shadow ${code(shadow.shadow)}${versionsText(shadow)}` },
    { is: 'paragraph', text: pairsText(shadow) },
    ...(fields.length > 0 ? [fieldTable(fields)] : []),
    { is: 'plot', title: 'Disagreement over time', plot: { kind: 'disagreement', trend, bucketMs } },
    { is: 'plot', title: 'Pairs over time', plot: { kind: 'pairs', trend, bucketMs } },
    {
      is: 'table',
      heads: ['side', 'errors', 'p50', 'p95', 'p99', 'p99.9', 'feature fetch p95'],
      rows: [sideRow('reference', reference), sideRow('candidate', candidate), changeRow(reference, candidate)],
      words: 1,
    },
    ...errorList(shadow),
    {
      is: 'plot',
      title: 'Latency of both sides',
      plot: { kind: 'quantiles', reference: reference.latency, candidate: candidate.latency },
    },
    { is: 'plot', title: 'Latency over time, p95', plot: { kind: 'latency', trend, bucketMs } },
    ...fields.flatMap(fieldBlocks),
    ...parityBlocks(shadow.parity),
    ...exampleBlocks(shadow.examples),
  ];
}

function versionsText({ referenceVersion, candidateVersion, twin }: ShadowReport): string {
  if (referenceVersion === null || candidateVersion === null) return '';
  if (twin) return `: a twin of ${code(referenceVersion)}, all it differs in is noise`;
  return `: candidate ${code(candidateVersion)} against reference ${code(referenceVersion)}`;
}

function pairsText({
  pairs,
  forced,
  unreferenced,
  refusedAlike,
  sameStatus,
  bodies,
  outputs,
  latencyDifference,
}: ShadowReport): string {
  const parts = [
    `${count(pairs)} pairs${forced > 0 ? `, ${count(forced)} of them of requests whose arm a rule forced` : ''}`,
    `same status ${percent(pairs === 0 ? null : sameStatus / pairs)}`,
    bodies.compared === 0
      ? 'no bodies were compared as a whole'
      : `same body ${percent(bodies.same / bodies.compared)} of ${count(bodies.compared)} compared`,
    ...outputs.map(
      ({ name, same, compared }) => `output ${code(name)} same ${percent(compared === 0 ? null : same / compared)}`,
    ),
    ...(refusedAlike > 0 ? [`${count(refusedAlike)} refused by both alike`] : []),
    ...(unreferenced > 0 ? [`${count(unreferenced)} more without a stable side, which count for nothing`] : []),
    `candidate minus reference p50 ${milliseconds(latencyDifference.p50)}`,
  ];
  return `${parts.join('; ')}.`;
}

function sideRow(name: string, { errors, latency, featureFetch }: SideReport): string[] {
  return [name, percent(errors.share, 2), ...latencyCells(latency), milliseconds(featureFetch.p95)];
}

function changeRow(reference: SideReport, candidate: SideReport): string[] {
  const [before, after] = [reference.latency, candidate.latency];
  return [
    'change',
    '',
    change(before.p50, after.p50),
    change(before.p95, after.p95),
    change(before.p99, after.p99),
    change(before.p999, after.p999),
    change(reference.featureFetch.p95, candidate.featureFetch.p95),
  ];
}

function errorList({ reference, candidate }: ShadowReport): Block[] {
  const items = [['reference', reference.errors] as const, ['candidate', candidate.errors] as const].flatMap(
    ([name, errors]) => (errors.count + errors.clientErrors > 0 ? [`${name}: ${errorsText(errors)}`] : []),
  );
  return items.length === 0 ? [] : [{ is: 'list', items }];
}

const LINE_TEXTS = {
  path: 'the path',
  host: 'the host',
  'request-bytes': 'the bytes of the body',
  protocol: 'the protocol',
  encoding: 'the content-encoding',
} as const;

function parityBlocks({ pairs, lines, warmUp }: Parity): Block[] {
  const unequal = lines.filter((line) => line.unequal > 0);
  const items = unequal.map(
    (line) =>
      `not the same in ${count(line.unequal)} pairs (${percent(line.unequal / pairs)}): ${LINE_TEXTS[line.line]}`,
  );
  const equal = lines.filter((line) => line.unequal === 0).map((line) => LINE_TEXTS[line.line]);
  if (equal.length > 0) items.push(`the same in every pair: ${equal.join(', ')}`);
  if (warmUp === null) items.push('the release may have begun before this period: its warm-up was not seen');
  else {
    for (const side of ['reference', 'candidate'] as const) {
      const { first, rest } = warmUp[side];
      items.push(
        `${side}, first 10 minutes of the release: p50 ${milliseconds(first)}, afterwards ${milliseconds(rest)} (${change(rest, first)} while warming up)`,
      );
    }
  }
  return [
    { is: 'heading', level: 4, text: 'Parity: were both sides asked the same?' },
    { is: 'list', items },
  ];
}

function exampleBlocks(examples: readonly Example[]): Block[] {
  if (examples.length === 0) return [];
  const rows = examples.map((example) => [
    code(example.id),
    time(example.timeMs),
    example.why,
    segmentsText(example.segments),
    example.fields.map(({ name, reference, candidate }) => `${name}: ${reference} → ${candidate}`).join('; '),
    `${sideText(example.reference)} → ${sideText(example.candidate)}`,
  ]);
  return [
    { is: 'heading', level: 4, text: 'Examples' },
    {
      is: 'table',
      heads: ['pair', 'time', 'kept for', 'segments', 'reference → candidate', 'status, latency'],
      rows,
      words: 6,
    },
  ];
}

function segmentsText(segments: Readonly<Record<string, string>>): string {
  return Object.entries(segments)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function sideText({ status, error, latencyMs }: ExampleSide): string {
  const answer = error === null ? String(status) : error;
  return latencyMs === null ? answer : `${answer}, ${milliseconds(latencyMs)}`;
}
