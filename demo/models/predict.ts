/** What a model is asked. Airports are IATA codes, `departure` is local time as `2001-03-04T17:05`. */
export type FlightQuestion = {
  readonly origin: string;
  readonly destination: string;
  readonly departure: string;
  readonly distanceMiles: number;
};

export type FlightPrediction = {
  readonly expectedDelayMinutes: number;
  readonly lateProbability: number;
  readonly late: boolean;
  /** The five best hours to leave on that day, from 06:00 to 21:00, least delay first: `['06:00', '07:00', ..]`. */
  readonly ranking: string[];
};

export type ModelParameters = {
  readonly version: string;
  /** Expected delay in minutes = (intercept + the sum of the effects of the flight's levels) x factor of its origin. */
  readonly interceptMinutes: number;
  readonly effectMinutes: Readonly<Record<string, number>>;
  /** By level of the origin; 1 where it is not named. */
  readonly factors: Readonly<Record<string, number>>;
  /** Probability of being late = logistic(intercept + slope x expected delay); `late` from `threshold` on. */
  readonly late: { readonly intercept: number; readonly slope: number; readonly threshold: number };
};

const rankedHours = Array.from({ length: 16 }, (_, index) => `${String(index + 6).padStart(2, '0')}:00`);
const rankingLength = 5;

/** The levels a flight has, one per group: each may carry an effect in a model's parameters. */
export function levelsOf({ origin, destination, departure, distanceMiles }: FlightQuestion) {
  const hour = Number(departure.slice(11, 13));
  const weekday = new Date(departure.slice(0, 10)).getUTCDay();
  return {
    quarter: `quarter/${Math.floor(hour / 6)}`,
    hour: `hour/${hour}`,
    weekdayHour: `weekday/${weekday}/h${hour}`,
    origin: `from/${origin}`,
    originWindow: `from/${origin}/w${Math.floor(hour / 4)}`,
    originHour: `from/${origin}/h${hour}`,
    destination: `to/${destination}`,
    distance: `distance/${Math.min(8, Math.floor(distanceMiles / 300))}`,
  };
}

/** Answers one question; pure, total, the same code for every version. Unknown airports have no effect. */
export function predict(parameters: ModelParameters, question: FlightQuestion): FlightPrediction {
  return { ...forecast(parameters, question), ranking: rank(parameters, question) };
}

/** The prediction without its ranking, which costs 16 forecasts more. */
export function forecast(parameters: ModelParameters, question: FlightQuestion): Omit<FlightPrediction, 'ranking'> {
  const { interceptMinutes, effectMinutes, factors, late } = parameters;
  const levels = levelsOf(question);
  let minutes = interceptMinutes;
  for (const level of Object.values(levels)) minutes += effectMinutes[level] ?? 0;
  const expectedDelayMinutes = minutes * (factors[levels.origin] ?? 1);
  const lateProbability = logistic(late.intercept + late.slope * expectedDelayMinutes);
  return { expectedDelayMinutes, lateProbability, late: lateProbability >= late.threshold };
}

/** The logistic function, 0 to 1. */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function rank(parameters: ModelParameters, question: FlightQuestion): string[] {
  const day = question.departure.slice(0, 11);
  return rankedHours
    .map((hour) => ({ hour, ...forecast(parameters, { ...question, departure: day + hour }) }))
    .sort((a, b) => a.expectedDelayMinutes - b.expectedDelayMinutes)
    .slice(0, rankingLength)
    .map(({ hour }) => hour);
}
