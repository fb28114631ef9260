/** What of the observed is kept: pairs for people, rows and blocks for the recording; redacted before it leaves this thread. */
import { isForced } from '../evidence/add-exchange.ts';
import type { Block } from '../evidence/sums.ts';
import type { ExposureLink } from '../outcomes/exposure-link.ts';
import { valuesOf } from '../outcomes/values-of.ts';
import type { ProductionExchange } from '../pairing/exchange.ts';
import type { Match } from '../pairing/join.ts';
import { sideOf } from '../pairing/make-pair.ts';
import type { Pair } from '../pairing/pair.ts';
import type { Prediction } from '../prediction/prediction.ts';
import { createKept, DEFAULT_KEPT, type KeptChange } from '../recording/kept.ts';
import { keptContent } from '../recording/kept-pair.ts';
import type { RecordingLink } from '../recording/link.ts';
import { compileRedaction, type Redaction } from '../recording/redact.ts';
import { isSampled } from '../recording/sample.ts';
import { shownPair } from '../recording/shown-pair.ts';
import type { RecordingSpec, RedactSpec } from '../recording/spec.ts';
import { exchangeRow, toRow } from '../recording/to-row.ts';
import type { RolloutSnapshot } from '../routing/snapshot.ts';

/** What the configuration says about keeping; may change while running. */
export interface KeepSettings {
  readonly redact: RedactSpec;
  /** Undefined: nothing is recorded. */
  readonly recording: Pick<RecordingSpec, 'sampleBp' | 'requests'> | undefined;
}

export interface Keeper {
  useSettings(settings: KeepSettings): void;
  useRecording(link: RecordingLink): void;
  useOutcomes(link: ExposureLink): void;
  /** An answer to a user, for outcomes to come. */
  exposure(production: ProductionExchange): void;
  /** An answer to a user of which nobody got a copy. */
  exchange(production: ProductionExchange, rollout: RolloutSnapshot, predicted: Prediction | undefined): void;
  pair(pair: Pair, match: Match, rollout: RolloutSnapshot): void;
  block(block: Block): void;
  /** A pair as it may be summed: sums keep lowest and highest values, and classes by name. */
  summed(pair: Pair, rollout: RolloutSnapshot): Pair;
  /** Fields whose values may not be summed. */
  hiddenFields(rollout: RolloutSnapshot): ReadonlySet<string>;
  /** Sends what waits to be recorded; at a stop. */
  flush(): void;
  /** A pair as it may be shown. */
  shown(pair: Pair, rollout: RolloutSnapshot): Pair;
  /** What changed since the last time. */
  takeChanges(): readonly KeptChange[];
}

const NOTHING: ReadonlySet<string> = new Set();

export function createKeeper(parts: {
  readonly settings: KeepSettings;
  readonly random: () => number;
  readonly count: (name: string, by: number) => void;
}): Keeper {
  const kept = createKept(DEFAULT_KEPT, parts.random, (name, by) => parts.count(`kept.${name}`, by));
  let redaction: Redaction = compileRedaction(parts.settings.redact);
  let { recording } = parts.settings;
  let link: RecordingLink | undefined;
  let outcomes: ExposureLink | undefined;
  /** By place: the newest is what counts. */
  let changes = new Map<string, KeptChange>();

  return {
    useSettings(settings) {
      redaction = compileRedaction(settings.redact);
      ({ recording } = settings);
    },
    useRecording(next) {
      link?.close();
      link = next;
    },
    useOutcomes(next) {
      outcomes?.close();
      outcomes = next;
    },
    exposure({ id, timeMs, arm, decision }) {
      const { rollout, release, weightBp, unit, reason } = decision;
      outcomes?.exposure({ id, timeMs, rollout, release, weightBp, arm, unit, forced: isForced(reason) });
    },
    exchange(production, rollout, predicted) {
      if (link === undefined || recording === undefined || !isSampled(production.id, recording.sampleBp)) return;
      const version = rollout[production.arm];
      const request = recording.requests ? production.request : undefined;
      const side = sideOf(production, version, predicted);
      link.offer(exchangeRow(production, { redaction, prediction: rollout.prediction, side, predicted, request }));
    },
    pair(pair, { production, shadow }, { prediction, stable }) {
      // of a twin there is nothing to learn: both sides are the stable version
      if (outcomes !== undefined && pair.referenced && pair.candidate.version !== stable.version) {
        const { id, unit, difference } = pair;
        const fields = prediction === undefined ? [] : redaction.difference(difference.fields, prediction);
        const values = valuesOf(fields);
        if (values !== undefined) outcomes.pair({ id, unit, candidate: pair.candidate.version, values });
      }
      const changed = kept.offer(pair, () => keptContent(pair, { production, shadow, redaction, prediction }));
      for (const change of changed) {
        changes.delete(change.slot);
        changes.set(change.slot, change);
      }
      const isKept = changed.some(({ content }) => content !== undefined);
      if (link === undefined || recording === undefined) return;
      if (!isKept && !isSampled(pair.id, recording.sampleBp)) return;
      const [reference, candidate] = pair.answeredBy === 'reference' ? [production, shadow] : [shadow, production];
      const bodies = isKept ? { reference: reference.body, candidate: candidate.body } : undefined;
      const request = recording.requests ? production.request : undefined;
      link.offer(toRow(pair, { redaction, prediction, request, bodies }));
    },
    block(block) {
      link?.offerBlock(block);
    },
    summed(pair, { prediction }) {
      if (redaction.isEmpty) return pair;
      const fields = redaction.difference(pair.difference.fields, prediction);
      return { ...pair, difference: { ...pair.difference, fields } };
    },
    hiddenFields: ({ prediction }) => (prediction === undefined ? NOTHING : redaction.hiddenFields(prediction)),
    flush() {
      link?.flush();
      outcomes?.flush();
    },
    shown: (pair, { prediction }) => shownPair(pair, redaction, prediction),
    takeChanges() {
      const taken = [...changes.values()];
      changes = new Map();
      return taken;
    },
  };
}
