/**
 * Joins the exchanges of one id, whatever order they arrive in. Bounded in time from the first side seen, in number and
 * in bytes: beyond a bound the oldest are given up first. Nothing is silently lost: `counters` says what became of it.
 * Time is passed in; it only has to be monotonic.
 */
import type { Exchange, ProductionExchange, ShadowExchange } from './exchange.ts';

export interface JoinLimits {
  /** From the first side seen; must exceed Envoy's longest route and loop timeout. */
  readonly windowMs: number;
  /** Ids that wait, and as many that are remembered after they were done. */
  readonly maxIds: number;
  /** Captured bytes of all that wait. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: JoinLimits = { windowMs: 60_000, maxIds: 100_000, maxBytes: 256 * 1024 * 1024 };

export interface Match {
  readonly production: ProductionExchange;
  readonly shadow: ShadowExchange;
}

/**
 * `unmatched-shadow`, `unmatched-production`: that side never arrived within the window; `dropped`: an id given up before
 * its time to stay within bounds; `late`: came after its id was given up; `duplicate`: its side was already seen;
 * `unexpected`: production names no copy in that slot.
 */
export type JoinCounter = 'unmatched-production' | 'unmatched-shadow' | 'dropped' | 'late' | 'duplicate' | 'unexpected';

interface Waiting {
  readonly firstSeenMs: number;
  production: ProductionExchange | undefined;
  /** Shadows seen before production, by slot. */
  readonly early: Map<number, ShadowExchange>;
  /** Slots already joined. */
  readonly joined: Set<number>;
  bytes: number;
}

/** An id that was given up: of production so many copies are missing, or of these copies production is. */
export type Unmatched =
  | { readonly production: ProductionExchange; readonly missing: number }
  | { readonly production: undefined; readonly shadows: readonly ShadowExchange[] };

export class Join {
  readonly #limits: JoinLimits;
  readonly #count: (name: JoinCounter, by: number) => void;
  readonly #unmatched: (given: Unmatched) => void;
  /** In order of first sight: the first key is the oldest. */
  readonly #waiting = new Map<string, Waiting>();
  /** Ids no longer waited for, oldest first, so that a straggler is told from a new id. */
  readonly #past = new Map<string, 'done' | 'given-up'>();
  #bytes = 0;

  /** `unmatched`: told of every id that is given up, whether for its time or for the bounds. */
  constructor(
    limits: JoinLimits,
    count: (name: JoinCounter, by: number) => void,
    unmatched: (given: Unmatched) => void = () => {},
  ) {
    this.#limits = limits;
    this.#count = count;
    this.#unmatched = unmatched;
  }

  get waitingIds(): number {
    return this.#waiting.size;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Takes one exchange and returns the matches it completes. */
  add(exchange: Exchange, nowMs: number): readonly Match[] {
    const past = this.#past.get(exchange.id);
    if (past !== undefined) {
      this.#count(past === 'done' ? 'duplicate' : 'late', 1);
      return [];
    }
    const waiting = this.#waiting.get(exchange.id) ?? this.#open(exchange.id, nowMs);
    const matches =
      exchange.role === 'production' ? this.#addProduction(waiting, exchange) : this.#addShadow(waiting, exchange);
    const { production, joined } = waiting;
    if (production !== undefined && joined.size === production.expected.size) this.#close(exchange.id, waiting, 'done');
    this.#shrink();
    return matches;
  }

  /** Gives up what has waited longer than the window. */
  expire(nowMs: number): void {
    for (const [id, waiting] of this.#waiting) {
      if (nowMs - waiting.firstSeenMs < this.#limits.windowMs) return;
      if (waiting.production === undefined) this.#count('unmatched-production', waiting.early.size);
      else this.#count('unmatched-shadow', waiting.production.expected.size - waiting.joined.size);
      this.#close(id, waiting, 'given-up');
    }
  }

  #open(id: string, nowMs: number): Waiting {
    const waiting = {
      firstSeenMs: nowMs,
      production: undefined,
      early: new Map(),
      joined: new Set<number>(),
      bytes: 0,
    };
    this.#waiting.set(id, waiting);
    return waiting;
  }

  #addProduction(waiting: Waiting, production: ProductionExchange): Match[] {
    if (waiting.production !== undefined) {
      this.#count('duplicate', 1);
      return [];
    }
    waiting.production = production;
    this.#hold(waiting, production);
    const matches: Match[] = [];
    for (const [slot, shadow] of waiting.early) matches.push(...this.#match(waiting, production, slot, shadow));
    waiting.early.clear();
    return matches;
  }

  #addShadow(waiting: Waiting, shadow: ShadowExchange): Match[] {
    const { slot } = shadow;
    if (waiting.joined.has(slot) || waiting.early.has(slot)) {
      this.#count('duplicate', 1);
      return [];
    }
    if (waiting.production !== undefined) return this.#match(waiting, waiting.production, slot, shadow);
    waiting.early.set(slot, shadow);
    this.#hold(waiting, shadow);
    return [];
  }

  #match(waiting: Waiting, production: ProductionExchange, slot: number, shadow: ShadowExchange): Match[] {
    if (!production.expected.has(slot)) {
      this.#count('unexpected', 1);
      return [];
    }
    waiting.joined.add(slot);
    return [{ production, shadow }];
  }

  #hold(waiting: Waiting, { body }: Exchange): void {
    const bytes = body?.bytes.length ?? 0;
    waiting.bytes += bytes;
    this.#bytes += bytes;
  }

  #shrink(): void {
    for (const [id, waiting] of this.#waiting) {
      if (this.#waiting.size <= this.#limits.maxIds && this.#bytes <= this.#limits.maxBytes) return;
      this.#count('dropped', 1);
      this.#close(id, waiting, 'given-up');
    }
  }

  #close(id: string, waiting: Waiting, end: 'done' | 'given-up'): void {
    this.#waiting.delete(id);
    this.#bytes -= waiting.bytes;
    this.#past.set(id, end);
    if (end === 'given-up') this.#unmatched(unmatchedOf(waiting));
    if (this.#past.size <= this.#limits.maxIds) return;
    for (const oldest of this.#past.keys()) {
      this.#past.delete(oldest);
      return;
    }
  }
}

function unmatchedOf({ production, joined, early }: Waiting): Unmatched {
  if (production === undefined) return { production, shadows: [...early.values()] };
  return { production, missing: production.expected.size - joined.size };
}
