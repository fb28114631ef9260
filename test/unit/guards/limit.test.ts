import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LimitRule, type LimitState, newLimit, stepLimit, type Tick } from '../../../src/guards/limit.ts';

const TICK_MS = 10_000;
const MIN_N = 20;

/** The rule of research/statistics.md 11.1. */
const RULE: LimitRule = {
  side: 'max',
  threshold: 0.1,
  clear: 0.05,
  reset: 'strict',
  forMs: 30_000,
  keepMs: 20_000,
  maxGapMs: 30_000,
  missing: 'hold',
};

/** `6` = 6 of 50, `3/10` = 3 of 10, `-` = nothing. */
function tickOf(text: string): Tick {
  if (text === '-') return 'missing';
  const [k = 0, n = 50] = text.split('/').map(Number);
  return n < MIN_N ? 'missing' : { sample: k / n };
}

const WORDS = { ok: 'OK', pending: 'P', firing: 'F' };

function trace(rule: LimitRule, ticks: string): string {
  let state = newLimit();
  const words = ticks.split(',').map((text) => {
    state = stepLimit(rule, state, tickOf(text), TICK_MS);
    return WORDS[state.phase] + (state.told ? '' : '?');
  });
  return words.join(' ');
}

const HYSTERESIS: LimitRule = { ...RULE, reset: 'hysteresis' };

describe('known traces of statistics 11.1', () => {
  const LONG = '6,7,3/10,8,3,2,1,6,4,6,7,9,-,-,-,-,6';

  test('strict: any good sample starts the count anew', () => {
    expect(trace(RULE, LONG)).toBe('P P P? F F F OK P OK P P F F? F? F? F? F');
  });

  test('hysteresis: only a sample below clear does', () => {
    expect(trace(HYSTERESIS, LONG)).toBe('P P P? F F F OK P P P F F F? F? F? F? F');
  });

  test('a gap longer than allowed starts the count anew', () => {
    expect(trace(RULE, '6,6,-,-,-,-,6,6,6')).toBe('P P P? P? P? OK? P P F');
  });
});

describe('a limit', () => {
  test('without `for` fires at once, and not at the threshold itself', () => {
    expect(trace({ ...RULE, forMs: 0 }, '5,6')).toBe('OK F');
  });

  test('fires at the 90th block of 10 s when it must be broken for 15 min', () => {
    const words = trace({ ...RULE, forMs: 900_000 }, new Array(90).fill('6').join(',')).split(' ');
    expect(words.indexOf('F')).toBe(89);
  });

  test('says that there is no data after a gap, and no longer once there is', () => {
    let state = newLimit();
    for (const text of ['6', '-', '-', '-']) state = stepLimit(RULE, state, tickOf(text), TICK_MS);
    expect(state.noData).toBe(false);
    state = stepLimit(RULE, state, 'missing', TICK_MS);
    expect(state.noData).toBe(true);
    expect(stepLimit(RULE, state, { sample: 0 }, TICK_MS).noData).toBe(false);
  });

  test('counts what is missing as broken where it is asked to', () => {
    expect(trace({ ...RULE, missing: 'breach' }, '6,-,-')).toBe('P P? F?');
  });

  test('goes on counting over any gap where missing is ignored', () => {
    expect(trace({ ...RULE, missing: 'ignore' }, '6,6,-,-,-,-,-,6')).toBe('P P P? P? P? P? P? F');
  });

  test('on the other side is broken below, and clear above', () => {
    const rule: LimitRule = { ...RULE, side: 'min', threshold: 0.9, clear: 0.95, forMs: 20_000 };
    expect(trace({ ...rule, reset: 'hysteresis' }, '44,46,44,48,48,50')).toBe('P P F F OK OK');
  });

  test('believes a counter before a rounded value', () => {
    const state = stepLimit({ ...RULE, forMs: 0 }, newLimit(), { sample: 0.0999, broken: true }, TICK_MS);
    expect(state.phase).toBe('firing');
  });

  test('never fires before it was broken for so long, whatever is missing', () => {
    const ticks = fc.array(fc.constantFrom('-', '0', '4', '6', '3/10'), { maxLength: 60 });
    fc.assert(
      fc.property(ticks, fc.constantFrom<LimitRule>(RULE, HYSTERESIS), (texts, rule) => {
        let state: LimitState = newLimit();
        let [run, sinceClear] = [0, 0];
        for (const text of texts) {
          const was = state.phase;
          state = stepLimit(rule, state, tickOf(text), TICK_MS);
          if (text === '6') {
            run++;
            sinceClear++;
          } else if (text === '0') sinceClear = 0;
          if (text === '0' || text === '4') run = 0;
          const broken = rule.reset === 'strict' ? run : sinceClear;
          if (was !== 'firing' && state.phase === 'firing') expect(broken).toBeGreaterThanOrEqual(3);
        }
      }),
    );
  });
});
