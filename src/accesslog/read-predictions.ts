/** The extractor of each rollout, compiled once per snapshot. */

import type { ProductionExchange } from '../pairing/exchange.ts';
import { answerOf, type Predicted } from '../pairing/make-pair.ts';
import { compileExtractor, type Extractor } from '../prediction/extract.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { RolloutSnapshot } from '../routing/snapshot.ts';

export interface PredictionReader {
  /** What production's answer says; read once, however many shadows it is compared with. */
  read(production: ProductionExchange, rollout: RolloutSnapshot): Predicted | undefined;
}

export function createPredictionReader(): PredictionReader {
  const extractors = new WeakMap<PredictionSpec, Extractor>();
  const read = new WeakMap<ProductionExchange, Prediction>();
  return {
    read(production, { prediction: spec }) {
      if (spec === undefined) return undefined;
      let extractor = extractors.get(spec);
      if (extractor === undefined) {
        extractor = compileExtractor(spec);
        extractors.set(spec, extractor);
      }
      let said = read.get(production);
      if (said === undefined) {
        said = extractor.extract(answerOf(production), production.request.body);
        read.set(production, said);
      }
      return { spec, extractor, production: said };
    },
  };
}
