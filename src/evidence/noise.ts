/**
 * What the twin and another shadow say of the same request. Where the twin, which runs the stable version, disagrees with
 * production too, the candidate's disagreement may be noise: candidateOnly - twinOnly is what is left of it. Pairs of an id
 * come in any order, and may come in different blocks.
 */
import type { FieldDifference } from '../comparison/difference.ts';
import type { Pair } from '../pairing/pair.ts';
import type { Place } from './open-block.ts';
import type { FieldSums } from './sums.ts';

/** Requests that wait for the other pair. */
const MAX_IDS = 20_000;
/** So long after the last pair with a twin, other pairs of the rollout wait for one. */
const TWIN_BLOCKS = 360;

export interface NoiseMatch {
  /** Of the pair that is no twin's. */
  readonly place: Place;
  readonly fields: readonly (Pick<FieldDifference, 'name' | 'kind'> & { readonly outcome: keyof FieldSums['noise'] })[];
}

/** What one shadow disagreed about. */
interface Verdict {
  readonly place: Place;
  /** Both sides refused the request: they agree in every field there is. */
  readonly refusedAlike: boolean;
  readonly fields: readonly Pick<FieldDifference, 'name' | 'kind' | 'agree'>[];
}

interface Waiting {
  twin: Verdict | undefined;
  /** Seen before the twin. */
  readonly others: Verdict[];
  joined: boolean;
}

export class NoiseJoin {
  readonly #forgotten: () => void;
  readonly #maxIds: number;
  /** The first key is the oldest. */
  readonly #waiting = new Map<string, Waiting>();
  /** Rollouts with a twin, and the block it was last seen in. */
  readonly #twins = new Map<string, number>();
  #block = 0;

  /** `forgotten`: a request was given up of which nothing was joined; also where the twin got no copy of it. */
  constructor(forgotten: () => void, maxIds = MAX_IDS) {
    this.#forgotten = forgotten;
    this.#maxIds = maxIds;
  }

  get waitingIds(): number {
    return this.#waiting.size;
  }

  /** `twin`: the shadow runs the stable version. Only pairs whose reference is production's answer have it in common. */
  add(pair: Pair, twin: boolean): readonly NoiseMatch[] {
    if (!pair.referenced || pair.answeredBy !== 'reference') return [];
    if (twin) this.#twins.set(pair.rollout, this.#block);
    else if (!this.#twins.has(pair.rollout)) return [];
    const verdict = verdictOf(pair);
    if (verdict.fields.length === 0 && !verdict.refusedAlike) return [];
    const waiting = this.#waiting.get(pair.id) ?? this.#open(pair.id);
    if (!twin) {
      if (waiting.twin !== undefined) return this.#join(waiting, waiting.twin, [verdict]);
      waiting.others.push(verdict);
      return [];
    }
    if (waiting.twin !== undefined) return [];
    waiting.twin = verdict;
    return this.#join(waiting, verdict, waiting.others.splice(0));
  }

  /** A block ended: rollouts whose twin was not seen for long have none any more. */
  nextBlock(): void {
    this.#block++;
    for (const [rollout, seen] of this.#twins) if (this.#block - seen > TWIN_BLOCKS) this.#twins.delete(rollout);
  }

  #join(waiting: Waiting, twin: Verdict, others: readonly Verdict[]): NoiseMatch[] {
    if (others.length > 0) waiting.joined = true;
    return others.map((other) => ({ place: other.place, fields: joinFields(other, twin) }));
  }

  #open(id: string): Waiting {
    const waiting: Waiting = { twin: undefined, others: [], joined: false };
    this.#waiting.set(id, waiting);
    if (this.#waiting.size <= this.#maxIds) return waiting;
    for (const [oldest, { joined }] of this.#waiting) {
      this.#waiting.delete(oldest);
      if (!joined) this.#forgotten();
      break;
    }
    return waiting;
  }
}

function verdictOf({ rollout, release, weightBp, arm, shadow, segments, difference }: Pair): Verdict {
  return {
    place: { rollout, release, weightBp, arm, shadow, segments },
    refusedAlike: difference.refusedAlike,
    fields: difference.fields
      .filter(({ compared }) => compared)
      .map(({ name, kind, agree }) => ({ name, kind, agree })),
  };
}

/** Fields that both compared; one that refused the request like production agrees in those of the other. */
function joinFields(candidate: Verdict, twin: Verdict): NoiseMatch['fields'] {
  const named = candidate.refusedAlike ? twin.fields : candidate.fields;
  return named.flatMap(({ name, kind }) => {
    const [own, twins] = [agreementIn(candidate, name, kind), agreementIn(twin, name, kind)];
    if (own === undefined || twins === undefined) return [];
    const outcome = own ? (twins ? 'neither' : 'twinOnly') : twins ? 'candidateOnly' : 'both';
    return [{ name, kind, outcome }];
  });
}

function agreementIn({ refusedAlike, fields }: Verdict, name: string, kind: FieldDifference['kind']) {
  return refusedAlike || fields.find((field) => field.name === name && field.kind === kind)?.agree;
}
