import { createHash } from 'node:crypto';
import { type Flight, readFlights } from './data/flights.ts';

export type DemoRequest = {
  readonly method: 'POST';
  readonly path: '/v2/models/flight-delay/infer';
  readonly headers: {
    readonly 'content-type': 'application/json';
    readonly 'x-user-id': string;
    readonly 'x-geo-state': string;
  };
  readonly body: string;
};

const userCount = 2000;

/**
 * The real flights of March 2001, which no model was fitted on, as inference requests; after the last it starts again.
 * The flights, their states and times are real. The users are not: the data knows no passengers, so each request gets
 * one of 2,000 user ids from a hash of the seed, the round and the flight's place, some users far more often than
 * others. The same seed gives the same requests; another round gives a flight to another user.
 */
export function flightRequests(seed = 'understudy'): Generator<DemoRequest, never> {
  // Read here and not at the first request: load that starts by reading 2 MB starts with a stall.
  const march = readFlights().filter(({ month }) => month === 3);
  return replay(march, seed);
}

function* replay(flights: Flight[], seed: string): Generator<DemoRequest, never> {
  for (let round = 0; ; round++) {
    for (const [place, flight] of flights.entries()) yield toRequest(flight, userId(`${seed}/${round}/${place}`));
  }
}

function toRequest(flight: Flight, user: string): DemoRequest {
  return {
    method: 'POST',
    path: '/v2/models/flight-delay/infer',
    headers: { 'content-type': 'application/json', 'x-user-id': user, 'x-geo-state': flight.state },
    body: JSON.stringify({
      inputs: [
        { name: 'origin', datatype: 'BYTES', shape: [1], data: [flight.origin] },
        { name: 'destination', datatype: 'BYTES', shape: [1], data: [flight.destination] },
        { name: 'departure', datatype: 'BYTES', shape: [1], data: [flight.departure] },
        { name: 'distance', datatype: 'FP64', shape: [1], data: [flight.distanceMiles] },
      ],
    }),
  };
}

function userId(key: string): string {
  const uniform = createHash('sha256').update(key).digest().readUInt32BE() / 2 ** 32;
  // Squared: the most frequent tenth of the users makes about a third of the requests.
  return `user-${String(Math.floor(uniform ** 2 * userCount)).padStart(5, '0')}`;
}
