import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readLabels, readPopularity } from '../../../src/replay/labels.ts';
import { readState, writeState } from '../../../src/replay/state.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'understudy-replay-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function fileWith(text: string): string {
  const file = join(folder(), 'file');
  writeFileSync(file, text);
  return file;
}

test('a state comes back as it was written, in one step, and a missing one is none', () => {
  const path = folder();
  const file = join(path, 'state.json');
  expect(readState(file, 'q')).toBeUndefined();
  const state = { question: 'q', rows: 3, lastId: 'x', sums: { a: [1] } };
  writeState(file, { ...state, rows: 2 });
  writeState(file, state);
  expect(readState(file, 'q')).toEqual(state);
  expect(readdirSync(path)).toEqual(['state.json']);
});

test('the state of another replay is refused by what differs', () => {
  const file = join(folder(), 'state.json');
  writeState(file, { question: '{"to":"http://a","rate":1}', rows: 1, lastId: 'x', sums: {} });
  expect(() => readState(file, '{"to":"http://b","rate":1}')).toThrow(
    `${file}: expected the state of this replay, found that of another: to`,
  );
});

test.each(['', 'null', '{"version":9}', '[]'])('a file that is no state is refused: %j', (text) => {
  expect(() => readState(fileWith(text), 'q')).toThrow(/expected the state of a replay/);
});

test('labels and popularity are read by line, and empty lines are nothing', () => {
  expect(readLabels(fileWith('{"id":"a","relevant":["x",7]}\n\n{"id":"b","relevant":[]}\n'))).toEqual(
    new Map([
      ['a', new Set(['x', '7'])],
      ['b', new Set()],
    ]),
  );
  expect(readPopularity(fileWith('{"users":10,"seen":{"x":5,"7":0}}'))).toEqual({
    users: 10,
    seen: new Map([
      ['x', 5],
      ['7', 0],
    ]),
  });
});

test.each(['not json', '{"id":"a","relevant":"x"}', '{"id":"a","relevant":[null]}', 'null'])(
  'a line of labels that is wrong is named with file, line, expected and found: %j',
  (line) => {
    const file = fileWith(`\n${line}\n`);
    expect(() => readLabels(file)).toThrow(
      `${file}:2: expected {"id": "...", "relevant": [items]}, found ${JSON.stringify(line)}`,
    );
  },
);

test.each(['not json', 'null', '{"users":0,"seen":{}}', '{"users":1,"seen":{"a":2}}', '{"users":1,"seen":[]}'])(
  'a popularity that is wrong is said with what was expected and found: %j',
  (text) => {
    const file = fileWith(text);
    expect(() => readPopularity(file)).toThrow(`${file}: expected {"users": a whole number above 0`);
    expect(() => readPopularity(file)).toThrow(`found ${JSON.stringify(text)}`);
  },
);

test('a file that is not there is said', () => {
  expect(() => readLabels('/nowhere/file')).toThrow('/nowhere/file: expected a file that can be read');
});
