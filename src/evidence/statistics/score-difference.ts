/**
 * Difference of two shares by the score method: the variance is the one most likely if the difference were M. For
 * non-inferiority with an absolute margin. Sources: Miettinen, Nurminen, Stat. Med. 4:213, 1985; Farrington, Manning, Stat.
 * Med. 9:1447, 1990. One fixed look, as proportions.ts.
 */
import { bisect } from './bisect.ts';
import { checkEvents } from './domain.ts';
import { type Interval, type Share, zOf } from './proportions.ts';
import { normalCdf } from './special.ts';

export interface ScoreDifference {
  readonly z: number;
  /** Of "p1 - p2 >= margin": small = the canary is not worse by the margin. */
  readonly p: number;
  /** Shares most likely under p1 - p2 = margin. */
  readonly canaryShare: number;
  readonly stableShare: number;
}

/** Maximum likelihood under p1 - p2 = margin: the root of a cubic. */
function restricted(p1: number, n1: number, p2: number, n2: number, margin: number): readonly [number, number] {
  const ratio = n2 / n1;
  const a = 1 + ratio;
  const b = -(1 + ratio + p1 + ratio * p2 + margin * (ratio + 2));
  const c = margin * margin + margin * (2 * p1 + ratio + 1) + p1 + ratio * p2;
  const d = -p1 * margin * (1 + margin);
  const v = b ** 3 / (27 * a ** 3) - (b * c) / (6 * a * a) + d / (2 * a);
  const u = (v < 0 ? -1 : 1) * Math.sqrt(Math.max(0, (b * b) / (9 * a * a) - c / (3 * a)));
  const cosine = u === 0 ? 1 : Math.max(-1, Math.min(1, v / u ** 3));
  const canary = 2 * u * Math.cos((Math.PI + Math.acos(cosine)) / 3) - b / (3 * a);
  const inside = Math.max(Math.max(0, margin), Math.min(Math.min(1, 1 + margin), canary));
  return [inside, inside - margin];
}

/** z = (p1 - p2 - margin) / se0. Margin between -1 and 1. Throws RangeError; z is 0 where se0 and the distance are both 0. */
export function farringtonManning(canary: Share, stable: Share, margin: number): ScoreDifference {
  checkEvents('canary', canary.events, canary.trials);
  checkEvents('stable', stable.events, stable.trials);
  if (!(margin > -1 && margin < 1)) throw new RangeError(`margin: expected a number between -1 and 1, found ${margin}`);
  const [n1, n2] = [canary.trials, stable.trials];
  const [p1, p2] = [canary.events / n1, stable.events / n2];
  const [canaryShare, stableShare] = restricted(p1, n1, p2, n2, margin);
  const variance = (canaryShare * (1 - canaryShare)) / n1 + (stableShare * (1 - stableShare)) / n2;
  const distance = p1 - p2 - margin;
  const z = distance === 0 ? 0 : distance / Math.sqrt(variance);
  return { z, p: normalCdf(z), canaryShare, stableShare };
}

/** All differences whose score, with the variance times N/(N-1), stays within z. */
export function miettinenNurminen(canary: Share, stable: Share, confidence = 0.95): Interval {
  const z = zOf(confidence);
  const total = canary.trials + stable.trials;
  const shrink = Math.sqrt((total - 1) / total);
  const score = (margin: number) => farringtonManning(canary, stable, margin).z * shrink;
  const estimate = canary.events / canary.trials - stable.events / stable.trials;
  const edge = 1 - 1e-12;
  const lower = estimate <= -edge ? -1 : bisect((margin) => score(margin) - z, -edge, Math.min(edge, estimate));
  const upper = estimate >= edge ? 1 : bisect((margin) => score(margin) + z, Math.max(-edge, estimate), edge);
  return { lower, upper };
}
