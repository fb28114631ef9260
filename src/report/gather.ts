/** Adds up the cells of a period as they pass: by release, arm, shadow, segment and point of the trend. Pure. */
import { emptyArm, emptyPair, mergeArm, mergePair } from '../evidence/merge.ts';
import { LATENCY_ALPHA, mergeInto, newSketch, VALUE_ALPHA } from '../evidence/sketch.ts';
import type { ArmSums, Cell, CellKey, FieldSums, PairSums, Sketch } from '../evidence/sums.ts';

/** A cell of the recording and when it was summed; they come in order of time. */
export interface TimedCell {
  readonly startMs: number;
  readonly durationMs: number;
  readonly cell: Cell;
}

export interface Asked {
  readonly bucketMs: number;
  readonly rollout?: string | undefined;
  readonly shadow?: string | undefined;
}

export interface GatheredRelease {
  readonly rollout: string;
  readonly release: string;
  firstMs: number;
  untilMs: number;
  readonly arms: Map<string, GatheredArm>;
  readonly shadows: Map<string, GatheredShadow>;
}

export interface GatheredArm {
  readonly key: CellKey;
  readonly firstMs: number;
  untilMs: number;
  readonly sums: ArmSums;
}

export interface GatheredShadow {
  /** Of its first cell. */
  readonly key: CellKey;
  /** All traffic, over weights and arms: a pair compares two answers to one request, whoever asked it. */
  readonly sums: PairSums;
  /** Latency of both sides in the release's first ten minutes, and after them. */
  readonly early: SideLatencies;
  readonly late: SideLatencies;
  readonly buckets: Map<number, PairSums>;
  readonly segments: Map<string, GatheredSegment>;
  /** Pairs of segment values beyond the bound. */
  segmentsDropped: number;
}

export interface SideLatencies {
  readonly reference: Sketch;
  readonly candidate: Sketch;
}

export interface GatheredSegment {
  readonly segment: string;
  readonly value: string;
  /** By the same keys as FieldSums. */
  readonly fields: Map<string, SegmentField>;
}

export interface SegmentField {
  pairs: number;
  agreeing: number;
  readonly ratio: Sketch;
}

const WARM_UP_MS = 600_000;
const MAX_RELEASES = 100;
const MAX_ARM_ROWS = 100;
const MAX_SEGMENTS = 10_000;

export class Gathered {
  readonly #asked: Asked;
  readonly #releases = new Map<string, GatheredRelease>();
  /** Cells of releases or weights beyond the bounds. */
  dropped = 0;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  add({ startMs, durationMs, cell }: TimedCell): void {
    const { key } = cell;
    const { rollout, shadow } = this.#asked;
    if (rollout !== undefined && key.rollout !== rollout) return;
    if (shadow !== undefined && key.shadow !== '' && key.shadow !== shadow) return;
    const release = this.#releaseOf(cell, startMs);
    if (release === undefined) return;
    release.untilMs = Math.max(release.untilMs, startMs + durationMs);
    if ('arm' in cell) this.#addArm(release, key, cell.arm, startMs, durationMs);
    else this.#addPairs(release, key, cell.pair, startMs);
  }

  /** By rollout, the newest first. */
  releases(): GatheredRelease[] {
    return [...this.#releases.values()].sort((a, b) =>
      a.rollout < b.rollout ? -1 : a.rollout > b.rollout ? 1 : b.firstMs - a.firstMs,
    );
  }

  #releaseOf({ key: { rollout, release } }: Cell, startMs: number): GatheredRelease | undefined {
    const key = `${rollout}\0${release}`;
    const known = this.#releases.get(key);
    if (known !== undefined) return known;
    if (this.#releases.size >= MAX_RELEASES) {
      this.dropped++;
      return undefined;
    }
    const made = { rollout, release, firstMs: startMs, untilMs: startMs, arms: new Map(), shadows: new Map() };
    this.#releases.set(key, made);
    return made;
  }

  #addArm({ arms }: GatheredRelease, key: CellKey, sums: ArmSums, startMs: number, durationMs: number): void {
    if (key.segment !== '') return;
    const name = `${key.arm}\0${key.weightBp}`;
    let gathered = arms.get(name);
    if (gathered === undefined) {
      if (arms.size >= MAX_ARM_ROWS) {
        this.dropped++;
        return;
      }
      gathered = { key, firstMs: startMs, untilMs: startMs, sums: emptyArm() };
      arms.set(name, gathered);
    }
    gathered.untilMs = Math.max(gathered.untilMs, startMs + durationMs);
    mergeArm(gathered.sums, sums);
  }

  #addPairs(release: GatheredRelease, key: CellKey, sums: PairSums, startMs: number): void {
    let shadow = release.shadows.get(key.shadow);
    if (shadow === undefined) {
      shadow = newShadow(key);
      release.shadows.set(key.shadow, shadow);
    }
    if (key.segment !== '') {
      addSegment(shadow, key.segment, key.segmentValue, sums);
      return;
    }
    mergePair(shadow.sums, sums);
    const latencies = startMs < release.firstMs + WARM_UP_MS ? shadow.early : shadow.late;
    mergeInto(latencies.reference, sums.reference.latency);
    mergeInto(latencies.candidate, sums.candidate.latency);
    const bucket = Math.floor(startMs / this.#asked.bucketMs) * this.#asked.bucketMs;
    const point = shadow.buckets.get(bucket) ?? emptyPair();
    mergePair(point, sums);
    shadow.buckets.set(bucket, point);
  }
}

function newShadow(key: CellKey): GatheredShadow {
  const latencies = () => ({ reference: newSketch(LATENCY_ALPHA), candidate: newSketch(LATENCY_ALPHA) });
  return {
    key: { ...key, segment: '', segmentValue: '' },
    sums: emptyPair(),
    early: latencies(),
    late: latencies(),
    buckets: new Map(),
    segments: new Map(),
    segmentsDropped: 0,
  };
}

function addSegment(shadow: GatheredShadow, segment: string, value: string, { fields, pairs }: PairSums): void {
  const key = `${segment}\0${value}`;
  let gathered = shadow.segments.get(key);
  if (gathered === undefined) {
    if (shadow.segments.size >= MAX_SEGMENTS) {
      shadow.segmentsDropped += pairs;
      return;
    }
    gathered = { segment, value, fields: new Map() };
    shadow.segments.set(key, gathered);
  }
  for (const [key, field] of fields) addSegmentField(gathered, key, field);
}

function addSegmentField({ fields }: GatheredSegment, key: string, { pairs, agreeing, measures }: FieldSums): void {
  const ratio = measures.get('ratio');
  let sums = fields.get(key);
  if (sums === undefined) {
    sums = { pairs: 0, agreeing: 0, ratio: newSketch(VALUE_ALPHA) };
    fields.set(key, sums);
  }
  sums.pairs += pairs;
  sums.agreeing += agreeing;
  if (ratio !== undefined) mergeInto(sums.ratio, ratio);
}
