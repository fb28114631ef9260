import type { ElementDifference, FieldDifference } from '../../../src/comparison/difference.ts';
import { createCollector } from '../../../src/evidence/collect.ts';
import { mergeCells } from '../../../src/evidence/merge.ts';
import type { ArmSums, Cell, PairSums } from '../../../src/evidence/sums.ts';
import type { ProductionExchange } from '../../../src/pairing/exchange.ts';
import type { Pair, Side } from '../../../src/pairing/pair.ts';

export function sideOf(changes: Partial<Side> = {}): Side {
  return {
    version: '1',
    cluster: 'v1',
    status: 200,
    grpcStatus: undefined,
    latencyMs: 10,
    details: 'via_upstream',
    error: undefined,
    featureFetchMs: undefined,
    ...changes,
  };
}

export function elementOf(changes: Partial<ElementDifference> = {}): ElementDifference {
  return {
    key: undefined,
    agree: true,
    missing: { reference: undefined, candidate: undefined },
    reference: 1,
    candidate: 1,
    measures: {},
    amount: undefined,
    ...changes,
  };
}

export function fieldOf(name: string, agree: boolean, changes: Partial<FieldDifference> = {}): FieldDifference {
  return { name, kind: 'number', compared: true, agree, elements: [elementOf({ agree })], cut: 0, ...changes };
}

/** Both answered a number; they agree when it is the same. */
export function numbers(name: string, reference: number, candidate: number): FieldDifference {
  const agree = reference === candidate;
  const measures = { difference: candidate - reference, ratio: candidate / reference };
  return fieldOf(name, agree, { elements: [elementOf({ agree, reference, candidate, measures })] });
}

export function pairOf({
  difference = {},
  ...changes
}: Partial<Omit<Pair, 'difference'>> & {
  difference?: Partial<Pair['difference']>;
} = {}): Pair {
  return {
    id: 'a',
    timeMs: 0,
    rollout: 'ranker',
    release: 'r1',
    revision: 1,
    weightBp: 0,
    arm: 'stable',
    reason: 'hash',
    segments: {},
    shadow: 'candidate',
    referenced: true,
    reference: sideOf(),
    candidate: sideOf({ version: '2', cluster: 'v2' }),
    answeredBy: 'reference',
    unequal: [],
    unit: '',
    userLatencyMs: 12,
    traceId: undefined,
    ...changes,
    difference: {
      sameStatus: true,
      body: 'same',
      notJson: false,
      outputs: {},
      latencyDifferenceMs: 0,
      fields: [],
      refusedAlike: false,
      ...difference,
    },
  };
}

export function productionOf({
  decision = {},
  ...changes
}: Partial<Omit<ProductionExchange, 'decision'>> & {
  decision?: Partial<ProductionExchange['decision']>;
} = {}): ProductionExchange {
  return {
    role: 'production',
    id: 'a',
    timeMs: 0,
    cluster: 'v1',
    details: 'via_upstream',
    span: undefined,
    request: {
      method: 'POST',
      path: '/',
      host: 'h',
      protocol: 'HTTP/1.1',
      bytes: 0,
      contentType: '',
      contentEncoding: '',
      body: undefined,
    },
    status: 200,
    grpcStatus: undefined,
    latencyMs: 10,
    headers: {},
    trailers: {},
    body: undefined,
    arm: 'stable',
    userLatencyMs: 12,
    expected: new Map(),
    ...changes,
    decision: {
      rollout: 'ranker',
      release: 'r1',
      revision: 1,
      weightBp: 0,
      reason: 'hash',
      segments: {},
      unit: '',
      ...decision,
    },
  };
}

export const NO_FACTS = { error: undefined, prediction: undefined, spec: undefined };

/** A collector, and what it counted. */
export function collecting(maxSegmentValues?: number) {
  const counted: Record<string, number> = {};
  const count = (name: string) => {
    counted[name] = (counted[name] ?? 0) + 1;
  };
  const limit = maxSegmentValues === undefined ? {} : { maxSegmentValues };
  return { collector: createCollector({ ...limit, count, wallMs: 1_000, monotonicMs: 0 }), counted };
}

export function cellsOf(pairs: readonly Pair[], twin: (pair: Pair) => boolean = () => false): readonly Cell[] {
  const { collector } = collecting();
  for (const pair of pairs) collector.addPair(pair, { twin: twin(pair) });
  return collector.close(0, 0)?.cells ?? [];
}

export function merged(...parts: (readonly Cell[])[]): Map<string, Cell> {
  const into = new Map<string, Cell>();
  for (const cells of parts) mergeCells(into, cells);
  return into;
}

export function pairSums(cells: readonly Cell[], segment = '', segmentValue = '', shadow = 'candidate'): PairSums {
  const found = cells.find(
    ({ key }) => key.segment === segment && key.segmentValue === segmentValue && key.shadow === shadow,
  );
  if (found === undefined || !('pair' in found)) throw new Error('no such cell');
  return found.pair;
}

export function armSums(cells: readonly Cell[]): ArmSums {
  const found = cells.find((cell) => 'arm' in cell && cell.key.segment === '');
  if (found === undefined || !('arm' in found)) throw new Error('no such cell');
  return found.arm;
}
