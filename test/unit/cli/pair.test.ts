import { describe, expect, test } from 'vitest';
import { pairMessage } from '../../../src/admin/pair-message.ts';
import { describePair } from '../../../src/cli/pair.ts';
import { fitted, printable } from '../../../src/cli/printable.ts';
import { sideBySide } from '../../../src/cli/side-by-side.ts';
import type { Pair } from '../../../src/pairing/pair.ts';
import type { KeptPair } from '../../../src/recording/kept-pair.ts';
import { elementOf, fieldOf, pairOf, sideOf } from '../recording/pair-of.ts';
import { fakeTerminal } from './fake-terminal.ts';

function keptOf(pair: Pair, reference: string, candidate: string, changes: Partial<KeptPair> = {}): KeptPair {
  const body = (text: string) => ({ text, cut: 0, note: undefined, json: true });
  return {
    pair,
    why: ['sample'],
    reference: body(reference),
    candidate: body(candidate),
    request: undefined,
    productionSpan: undefined,
    shadowSpan: undefined,
    ...changes,
  };
}

function described(pair: Pair, kept?: KeptPair, columns = 80): string {
  const terminal = fakeTerminal({ COLUMNS: String(columns) });
  const message = pairMessage(pair, { kept, includeBodies: kept !== undefined });
  return describePair(message, { terminal, bodies: kept !== undefined });
}

describe('a pair', () => {
  const pair = pairOf(
    7,
    {
      segments: { state: 'CO', tier: 'gold' },
      traceId: 'c'.repeat(32),
      unequal: ['host'],
      candidate: sideOf({ version: '2.0', cluster: 'v2', latencyMs: 12.34, featureFetchMs: 3 }),
    },
    [
      fieldOf('score', [elementOf(12.5, 750, { key: 'a', measures: { difference: 737.5, ratio: 60 } })]),
      fieldOf('label', [elementOf('late', 'late')], { kind: 'class' }),
      fieldOf('items', [elementOf([1], undefined, { missing: { reference: undefined, candidate: 'wrong-type' } })]),
      fieldOf('email', [elementOf(undefined, undefined, { agree: true })]),
    ],
  );

  test('is shown with all that is known of it', () => {
    const ids = (letter: string) => ({ traceId: letter.repeat(32), spanId: letter.repeat(16) });
    const kept = keptOf(pair, '', '', {
      why: ['sample', 'largest difference of score'],
      productionSpan: ids('a'),
      shadowSpan: ids('b'),
    });
    const text = describePair(pairMessage(pair, { kept }), { terminal: fakeTerminal() });
    expect(text).toBe(`pair 00000000000000000000000000000007  ranker/candidate
  time      2023-11-14T22:13:20.007Z
  decision  stable by hash, weight 0 %, revision 1
  release   r1
  segments  state=CO, tier=gold
  user got  the reference after 12.0 ms
  trace     cccccccccccccccccccccccccccccccc, production span aaaaaaaaaaaaaaaa, shadow span bbbbbbbbbbbbbbbb
  kept for  sample; largest difference of score
  unequal   host

               REFERENCE     CANDIDATE
version        1.0           2.0
cluster        v1            v2
status         200           200
details        via_upstream  via_upstream
latency        10.0 ms       12.3 ms
feature fetch                3.0 ms

score different by 737.5, items missing (candidate: wrong-type)
  FIELD  KEY  REFERENCE  CANDIDATE     MEASURED
! score  a    12.5       750           difference 737.5, ratio 60
  label       "late"     "late"        class
! items       [1]        (wrong-type)  number
  email       ***        ***           number
`);
  });

  test('without fields says what its bodies and outputs are', () => {
    const plain = pairOf(1);
    const different = {
      ...plain,
      difference: { ...plain.difference, body: 'different' as const, outputs: { a: false } },
    };
    expect(described(different)).toMatch(/^! body different, a different$/m);
    expect(described(plain)).toMatch(/^ {2}body same$/m);
  });

  test('that is not kept has no bodies, and says so', () => {
    const terminal = fakeTerminal();
    expect(describePair(pairMessage(pair), { terminal, bodies: true })).toMatch(
      /of kept pairs only, and this one is not kept\n$/,
    );
  });

  const answers = ['{"score":1,"list":[1,2],"same":true}', '{"score":2,"list":[1],"same":true}'] as const;

  test('shows answers beside each other on a wide terminal, differing rows marked', () => {
    const rows = described(pair, keptOf(pair, ...answers), 100)
      .split('\n')
      .slice(-10);
    const wide = (mark: string, one: string, other: string) => `${mark} ${one.padEnd(47)}  ${other}`.trimEnd();
    expect(rows).toEqual(
      [
        wide(' ', 'REFERENCE', 'CANDIDATE'),
        wide(' ', '{', '{'),
        wide('!', '  "score": 1,', '  "score": 2,'),
        wide(' ', '  "list": [', '  "list": ['),
        wide(' ', '    1,', '    1,'),
        wide('!', '    2', ''),
        wide(' ', '  ],', '  ],'),
        wide(' ', '  "same": true', '  "same": true'),
        wide(' ', '}', '}'),
        '',
      ].slice(-10),
    );
  });

  test('shows them one after the other on a narrow one', () => {
    const text = described(pair, keptOf(pair, ...answers), 99);
    expect(text.slice(text.indexOf('\nREFERENCE\n') + 1)).toBe(`REFERENCE
  {
!   "score": 1,
    "list": [
      1,
!     2
    ],
    "same": true
  }

CANDIDATE
  {
!   "score": 2,
    "list": [
      1,
    ],
    "same": true
  }
`);
  });

  test('never lets captured text speak to the terminal', () => {
    const evil = '\u001b[2Jgone\u0007\u202e\u009b1m';
    const message = pairOf(1, { segments: { state: evil }, candidate: sideOf({ details: evil }) }, [
      fieldOf('score', [elementOf(evil, 'x', { key: evil })], { kind: 'class' }),
    ]);
    const kept = keptOf(message, JSON.stringify({ [evil]: evil }), evil, { why: [evil] });
    for (const columns of [80, 160]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(described(message, kept, columns)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

describe('two answers side by side', () => {
  const rows = (one: string, other: string) =>
    sideBySide(one, other).rows.map((row) => [row.reference, row.candidate, row.differs]);

  test('members that only one has stand alone', () => {
    expect(rows('{"a":1}', '{"b":{"c":2},"a":1}')).toEqual([
      ['{', '{', false],
      ['  "a": 1,', '  "a": 1,', false],
      ['', '  "b": {', true],
      ['', '    "c": 2', true],
      ['', '  }', true],
      ['}', '}', false],
    ]);
  });

  test('values of another kind stand beside each other', () => {
    expect(rows('{"a":[1]}', '{"a":{"x":1}}').slice(1, -1)).toEqual([
      ['  "a": [', '  "a": {', true],
      ['    1', '    "x": 1', true],
      ['  ]', '  }', true],
    ]);
    expect(rows('{"a":{}}', '{"a":{}}').slice(1, -1)).toEqual([['  "a": {}', '  "a": {}', false]]);
    expect(rows('null', '0')).toEqual([['null', '0', true]]);
  });

  test('what is no JSON is compared line by line', () => {
    expect(rows('a\nb', 'a\nc\nd')).toEqual([
      ['a', 'a', false],
      ['b', 'c', true],
      ['', 'd', true],
    ]);
  });

  test('deep and long answers are shown in part', () => {
    const deep = `${'['.repeat(9_000)}1${']'.repeat(9_000)}`;
    expect(sideBySide(deep, deep).rows.length).toBeLessThan(100);
    const long = JSON.stringify(Array(5_000).fill(1));
    expect(sideBySide(long, long).rows).toHaveLength(2_000);
    expect(sideBySide(long, long).left).toBeGreaterThan(0);
  });
});

test('printable text is on one line, and fitted text exactly as wide', () => {
  expect(printable('a\u001b[31m\nb')).toBe('a\\u001b[31m\\u000ab');
  expect([fitted('abc', 5), fitted('abcdef', 5), fitted('abc', 3)]).toEqual(['abc  ', 'abcd…', 'abc']);
});
