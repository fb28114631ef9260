import { expect, test } from 'vitest';
import { readFlights } from '../../../demo/data/flights.ts';

const flights = readFlights();

test('all 20,000 flights are read in order of departure', () => {
  expect(flights).toHaveLength(20_000);
  const departures = flights.map(({ departure }) => departure);
  expect(departures).toEqual(departures.toSorted());
  expect(departures[0]).toBe('2001-01-01T00:47');
});

test('every flight has the fields a model needs', () => {
  for (const flight of flights) {
    expect(flight.state).toMatch(/^[A-Z]{2}$/);
    expect(flight.departure).toMatch(/^2001-0[123]-\d\dT\d\d:\d\d$/);
    expect(flight.month).toBe(Number(flight.departure.slice(5, 7)));
    expect(Number.isFinite(flight.delayMinutes)).toBe(true);
  }
});

test('the state is the origin’s, also when the airport’s name holds a comma', () => {
  const stateOf = (origin: string) => flights.find((flight) => flight.origin === origin)?.state;
  expect(stateOf('DEN')).toBe('CO');
  expect(stateOf('BTR')).toBe('LA');
});
