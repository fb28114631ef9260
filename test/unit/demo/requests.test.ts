import { expect, test } from 'vitest';
import { readFlights } from '../../../demo/data/flights.ts';
import { readInferRequest } from '../../../demo/models/protocol.ts';
import { type DemoRequest, flightRequests } from '../../../demo/requests.ts';

const march = readFlights().filter(({ month }) => month === 3);
const twoRounds = take(march.length * 2);
const round = twoRounds.slice(0, march.length);

test('one round asks about every held-out flight once, in order, with the origin’s state', () => {
  for (const [place, flight] of march.entries()) {
    const { origin, destination, departure, distanceMiles, state } = flight;
    const request = round[place];
    expect(readInferRequest(request?.body ?? '')).toEqual({
      id: undefined,
      questions: [{ origin, destination, departure, distanceMiles }],
    });
    expect(request?.headers['x-geo-state']).toBe(state);
  }
});

test('the same seed gives the same requests, another seed other users', () => {
  const users = (seed?: string) => take(100, seed).map(({ headers }) => headers['x-user-id']);
  expect(users()).toEqual(users());
  expect(users('another')).not.toEqual(users());
});

test('the second round asks the same for other users', () => {
  const [first, second] = [twoRounds[0], twoRounds[march.length]];
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['x-user-id']).not.toBe(first?.headers['x-user-id']);
});

test('the users are some of 2,000, and a tenth of them make about a third of the requests', () => {
  const counts = Map.groupBy(round, ({ headers }) => headers['x-user-id']);
  for (const user of counts.keys()) expect(user).toMatch(/^user-0[01]\d{3}$/);
  const frequent = round.filter(({ headers }) => headers['x-user-id'] < 'user-00200').length;
  expect(frequent / round.length).toBeCloseTo(0.316, 1);
});

function take(count: number, seed?: string): DemoRequest[] {
  const requests = flightRequests(seed);
  return Array.from({ length: count }, () => requests.next().value);
}
