import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export type Flight = {
  /** Local time at the origin, `2001-03-04T17:05`. */
  readonly departure: string;
  /** 1 (January) to 3 (March), all of 2001. */
  readonly month: number;
  /** Airports by IATA code, `state` is the origin's. */
  readonly origin: string;
  readonly destination: string;
  readonly state: string;
  readonly distanceMiles: number;
  /** Minutes behind the timetable at arrival; negative is early. */
  readonly delayMinutes: number;
};

type FlightRecord = { date: string; delay: number; distance: number; origin: string; destination: string };

/** A flight is late from this many minutes on, as the US Department of Transportation counts. */
export const lateFromMinutes = 15;

/**
 * The 20,000 real flights of January to March 2001 in the npm package `vega-datasets`, in order of departure.
 * Throws if the package is not installed or a flight starts at an airport it does not list.
 */
export function readFlights(): Flight[] {
  const data = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data');
  const states = readStates(join(data, 'airports.csv'));
  const records = JSON.parse(readFileSync(join(data, 'flights-20k.json'), 'utf8')) as FlightRecord[];
  return records
    .map((record) => toFlight(record, states))
    .sort((a, b) => (a.departure < b.departure ? -1 : a.departure > b.departure ? 1 : 0));
}

function readStates(file: string): Map<string, string> {
  const states = new Map<string, string>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
    const fields = line.split(',');
    // Names and cities may be quoted and hold commas; what follows them never does, so the state is counted from the end.
    const state = fields.at(-4);
    if (fields[0] && state) states.set(fields[0], state);
  }
  return states;
}

function toFlight({ date, delay, distance, origin, destination }: FlightRecord, states: Map<string, string>): Flight {
  const state = states.get(origin);
  if (!state) throw new Error(`airports.csv: no state for origin ${origin}`);
  const departure = date.replaceAll('/', '-').replace(' ', 'T');
  return {
    departure,
    month: Number(departure.slice(5, 7)),
    origin,
    destination,
    state,
    distanceMiles: distance,
    delayMinutes: delay,
  };
}
