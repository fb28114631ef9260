import { type Flight, lateFromMinutes } from '../data/flights.ts';
import { forecast, type ModelParameters } from './predict.ts';

export type Errors = {
  readonly flights: number;
  /** Minutes between expected and real delay. */
  readonly meanAbsolute: number;
  readonly medianAbsolute: number;
  readonly rootMeanSquare: number;
  /** Chance that a late flight was given a higher probability than one on time; 0.5 is a guess. NaN if all are alike. */
  readonly auc: number;
  /** Share of flights given the same class as by the reference model. */
  readonly agreement: number;
};

/** Judges a model on flights it was not fitted on; `reference` is the model whose class it should agree with. */
export function heldOutErrors(model: ModelParameters, reference: ModelParameters, flights: Flight[]): Errors {
  const rows = flights.map((flight) => ({ flight, ...forecast(model, flight) }));
  const errors = rows.map(({ flight, expectedDelayMinutes }) => expectedDelayMinutes - flight.delayMinutes);
  const absolute = errors.map(Math.abs).sort((a, b) => a - b);
  return {
    flights: flights.length,
    meanAbsolute: mean(absolute),
    medianAbsolute: absolute[Math.floor(absolute.length / 2)] ?? Number.NaN,
    rootMeanSquare: Math.sqrt(mean(errors.map((error) => error ** 2))),
    // By expected delay: the probability rises with it, but reaches 1 where a slip has made it huge.
    auc: areaUnderCurve(rows.map((row) => [row.expectedDelayMinutes, row.flight.delayMinutes >= lateFromMinutes])),
    agreement: rows.filter(({ flight, late }) => late === forecast(reference, flight).late).length / rows.length,
  };
}

/** Prints one row per version and part of the country, and on how many days v2 orders the flights better than v1. */
export function printHeldOutErrors(models: ModelParameters[], flights: Flight[], slippedState: string): void {
  const [v1, v2] = models as [ModelParameters, ModelParameters];
  const parts = {
    overall: flights,
    [`in ${slippedState}`]: flights.filter(({ state }) => state === slippedState),
    [`outside ${slippedState}`]: flights.filter(({ state }) => state !== slippedState),
  };
  console.log('held out (March 2001), delays in minutes, late = 15 minutes or more, agreement = same class as v2');
  console.log('version  part          flights     MAE  median AE    RMSE     AUC  agreement');
  for (const model of models) {
    for (const [part, members] of Object.entries(parts)) {
      const errors = heldOutErrors(model, v2, members);
      console.log(
        [
          model.version.padEnd(7),
          part.padEnd(12),
          String(errors.flights).padStart(8),
          errors.meanAbsolute.toFixed(2).padStart(6),
          errors.medianAbsolute.toFixed(2).padStart(9),
          errors.rootMeanSquare.toFixed(2).padStart(6),
          errors.auc.toFixed(4).padStart(6),
          `${(errors.agreement * 100).toFixed(1)} %`.padStart(9),
        ].join('  '),
      );
    }
  }
  const days = [...Map.groupBy(flights, ({ departure }) => departure.slice(0, 10)).values()];
  const better = days.filter((day) => heldOutErrors(v2, v2, day).auc > heldOutErrors(v1, v2, day).auc);
  console.log(`v2 has the higher AUC on ${better.length} of ${days.length} days`);
}

/** The rank-sum form; equal scores share their mean rank. */
function areaUnderCurve(scored: Array<[score: number, late: boolean]>): number {
  let onTimeBelow = 0;
  let lateBelow = 0;
  let wins = 0;
  for (const [, tied] of [...Map.groupBy(scored, ([score]) => score)].sort(([a], [b]) => a - b)) {
    const late = tied.filter(([, isLate]) => isLate).length;
    const onTime = tied.length - late;
    wins += late * (onTimeBelow + onTime / 2);
    lateBelow += late;
    onTimeBelow += onTime;
  }
  return wins / (lateBelow * onTimeBelow);
}

function mean(values: number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
