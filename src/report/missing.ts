/** What a report cannot know, as sentences. Pure. */
import { code } from './blocks.ts';
import { count, percent, time } from './format.ts';
import type { Gathered } from './gather.ts';
import type { Coverage, ReleaseReport, ShadowReport } from './report.ts';
import { type Seen, type SeenRows, shadowKey } from './seen-rows.ts';

const MAX_FILES = 10;

interface Known {
  readonly coverage: Coverage;
  readonly releases: readonly ReleaseReport[];
  readonly seen: Seen;
  readonly gathered: Gathered;
  readonly unreadable: readonly string[];
}

export function missingSentences({ coverage, releases, seen, gathered, unreadable }: Known): string[] {
  const files = unreadable.slice(0, MAX_FILES).map((file) => `Could not be read, and is left out: ${file}`);
  const more = unreadable.length - files.length;
  return [
    ...files,
    ...(more > 0 ? [`${count(more)} more files could not be read.`] : []),
    ...gaps(coverage),
    ...unknowns(releases, seen),
    ...beyondBounds(gathered),
  ];
}

function gaps({ gaps, gapsNotListed }: Coverage): string[] {
  const sentences = gaps.map(
    ({ fromMs, untilMs }) =>
      `No evidence from ${time(fromMs)} to ${time(untilMs)}: no traffic, or nothing was recorded.`,
  );
  return gapsNotListed === 0 ? sentences : [...sentences, `${count(gapsNotListed)} shorter gaps are not listed.`];
}

function unknowns(releases: readonly ReleaseReport[], { byShadow, rows, cut }: Seen): string[] {
  const each = releases.flatMap(({ rollout, release, shadows }) =>
    shadows
      .filter(({ pairs }) => pairs > 0)
      .flatMap((shadow) =>
        ofShadow(
          `${code(rollout)}, shadow ${code(shadow.shadow)}`,
          shadow,
          byShadow.get(shadowKey(rollout, release, shadow.shadow)),
        ),
      ),
  );
  return cut ? [...each, `Only the first ${count(rows)} rows were looked at for examples.`] : each;
}

function ofShadow(who: string, { pairs, twin, fields }: ShadowReport, seen: SeenRows | undefined): string[] {
  const rows = seen?.rows ?? 0;
  const withoutTwin = twin !== true && fields.length > 0 && fields.every(({ noise }) => noise === null);
  return [
    ...(withoutTwin ? [`${who}: no pair also went to a twin, so noise is taken as 0.`] : []),
    ...(rows === 0
      ? [`${who}: no pair is recorded as a row, so versions and examples are missing.`]
      : rows < pairs
        ? [
            `${who}: rows of ${percent(rows / pairs)} of the pairs are recorded (\`recording.sample\`, or dropped to stay within its bounds); examples are of those; all numbers are of every pair.`,
          ]
        : []),
  ];
}

function beyondBounds(gathered: Gathered): string[] {
  const sentences =
    gathered.dropped === 0
      ? []
      : [`${count(gathered.dropped)} sums of releases or weights beyond the bounds of a report are left out.`];
  for (const { rollout, shadows } of gathered.releases()) {
    for (const [shadow, { segmentsDropped }] of shadows) {
      if (segmentsDropped > 0)
        sentences.push(
          `${code(rollout)}, shadow ${code(shadow)}: ${count(segmentsDropped)} pairs are of segment values beyond 10,000, which are not told apart.`,
        );
    }
  }
  return sentences;
}
