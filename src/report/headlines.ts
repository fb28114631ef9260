/** The answers of a report, as sentences. Pure. */
import { code } from './blocks.ts';
import { flipsText } from './field-document.ts';
import { change, count, milliseconds, percent, times } from './format.ts';
import type { FieldReport, Headline, ReleaseReport, SegmentReport, ShadowReport } from './report.ts';
import { differenceOf, shareOf } from './share.ts';

/** A report of many rollouts must still begin with what can be read. */
const MAX_HEADLINES = 40;
/** p95 beyond which a candidate is called slower: a sketch alone may be off by 2 %. */
const SLOWER = 1.1;

interface Ranked extends Headline {
  readonly rank: number;
}

/** Most important first; a twin has none. */
export function headlinesOf(releases: readonly ReleaseReport[]): Headline[] {
  const ranked = releases.flatMap((release) =>
    release.shadows
      .filter(({ twin, pairs }) => twin !== true && pairs > 0)
      .flatMap((shadow) => ofShadow(release, shadow)),
  );
  ranked.sort((a, b) => b.rank - a.rank);
  const listed = ranked.slice(0, MAX_HEADLINES).map(({ tone, text }) => ({ tone, text }));
  const rest = ranked.length - listed.length;
  return rest > 0
    ? [...listed, { tone: 'look', text: `${count(rest)} more answers are in the sections below` }]
    : listed;
}

function ofShadow({ rollout, release }: ReleaseReport, shadow: ShadowReport): Ranked[] {
  const version = shadow.candidateVersion === null ? `release ${code(release)}` : code(shadow.candidateVersion);
  const who = `${code(rollout)}: ${code(shadow.shadow)} ${version}`;
  const answers =
    shadow.fields.length > 0 ? shadow.fields.map((field) => ofField(who, field)) : [ofBodies(who, shadow)];
  return [...answers, ...ofErrors(who, shadow), ...ofLatency(who, shadow)];
}

function ofField(who: string, field: FieldReport): Ranked {
  const { disagreement, noise, segments, flips, drift } = field;
  const net = noise === null ? (disagreement.share ?? 0) : noise.net;
  if (disagreement.of === 0) {
    return {
      tone: 'look',
      rank: 0,
      text: `${who}: ${code(field.name)} was compared in no pair (production is no model, or no answer could be read)`,
    };
  }
  const beyond = isBeyondNoise(field);
  const worst = segments.find((segment) => isWorse(segment, field));
  const alarm = drift?.shiftAlarm === 'act' || drift?.psiAlarm === 'act';
  const tone =
    beyond && (alarm || net >= 0.1 || (worst?.disagreement.low ?? 0) >= 0.5) ? 'bad' : beyond ? 'look' : 'good';
  const text = [
    `${who} differs in ${percent(disagreement.share)} of ${count(disagreement.of)} pairs on ${code(field.name)}`,
    `, noise ${noise === null ? 'not known' : percent(noise.floor)}`,
    beyond || disagreement.count === 0 ? '' : ', which is no more than noise',
    worst === undefined || !beyond ? '' : `; worst: ${segmentText(worst)}`,
    flips === null || flips.count === 0 ? '' : `; ${flipsText(flips)}`,
  ].join('');
  return { tone, rank: TONE_RANK[tone] + net + (worst?.disagreement.low ?? 0) / 10, text };
}

const TONE_RANK = { bad: 100, look: 10, good: 0 } as const;

function segmentText({ segment, value, disagreement, ratio }: SegmentReport): string {
  const factor = ratio === null || Math.abs(ratio - 1) < 0.005 ? '' : ` (${times(ratio)})`;
  return `${code(`${segment}=${value}`)} ${percent(disagreement.share)} of ${count(disagreement.of)}${factor}`;
}

/** Two standard errors of the discordant pairs (McNemar); without a twin noise is taken as 0. */
function isBeyondNoise({ noise, disagreement }: FieldReport): boolean {
  if (noise === null) return disagreement.count > 0;
  const { candidateOnly, twinOnly } = noise;
  return candidateOnly - twinOnly > 2 * Math.sqrt(candidateOnly + twinOnly);
}

/** Worth naming: surely worse than all traffic together. */
function isWorse({ disagreement }: SegmentReport, field: FieldReport): boolean {
  return disagreement.count > 0 && disagreement.low > (field.disagreement.share ?? 0);
}

function ofBodies(who: string, { bodies, pairs, sameStatus }: ShadowReport): Ranked {
  const different = bodies.compared - bodies.same;
  const otherStatus = pairs - sameStatus;
  const tone = bodies.compared === 0 || different + otherStatus > 0 ? 'look' : 'good';
  const body =
    bodies.compared === 0
      ? 'no bodies were compared (capture is off, or answers were too long)'
      : `has another body in ${percent(different / bodies.compared)} of ${count(bodies.compared)} pairs`;
  const text = `${who} ${body}, another status in ${percent(otherStatus / pairs)} of ${count(pairs)}; without \`prediction:\` nothing says which differences matter`;
  return { tone, rank: TONE_RANK[tone] + different / Math.max(1, bodies.compared), text };
}

function ofErrors(who: string, { pairs, reference, candidate }: ShadowReport): Ranked[] {
  const [a, b] = [candidate, reference].map(({ errors }) => shareOf(errors.count, errors.of));
  if (a === undefined || b === undefined) return [];
  if (differenceOf(a, b).low <= 0) return [];
  const kind = candidate.errors.kinds[0];
  const most = kind === undefined ? '' : `, most often ${kind.name}`;
  const text = `${who} fails in ${percent(a.share, 2)} of ${count(pairs)} pairs, the reference in ${percent(b.share, 2)}${most}`;
  return [{ tone: 'bad', rank: TONE_RANK.bad + 0.5 + (a.share ?? 0), text }];
}

function ofLatency(who: string, { reference, candidate }: ShadowReport): Ranked[] {
  const [before, after] = [reference.latency.p95, candidate.latency.p95];
  if (before === null || after === null) return [];
  const slower = after > before * SLOWER;
  const text = `${who} answers with p95 ${milliseconds(after)}, the reference with ${milliseconds(before)} (${change(before, after)})`;
  return [
    { tone: slower ? 'look' : 'good', rank: slower ? TONE_RANK.look + Math.min(5, after / before - 1) : -1, text },
  ];
}
