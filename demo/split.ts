/** What users saw of the weight: pure functions over their answers. */

export type Seen = {
  readonly user: string;
  /** Of the model that answered. */
  readonly version: string;
  /** By `performance.now()`. */
  readonly sentMs: number;
  readonly answeredMs: number;
};

/** Also what no model answered. */
export type Asked = Omit<Seen, 'version'> & {
  readonly version: string | undefined;
  /** 0: no answer came. */
  readonly status: number;
};

export type Split = {
  readonly requests: number;
  readonly requestsMoved: number;
  readonly users: number;
  /** Users whose last answer came from the new version. */
  readonly usersMoved: number;
};

/** How answers, in order of arrival, divide over the new `version` and all others. */
export function splitOf(answers: readonly Seen[], version: string): Split {
  const last = new Map(answers.map((answer) => [answer.user, answer.version]));
  return {
    requests: answers.length,
    requestsMoved: answers.filter((answer) => answer.version === version).length,
    users: last.size,
    usersMoved: [...last.values()].filter((answered) => answered === version).length,
  };
}

/**
 * How often users who already had an answer from the new `version` asked `again`, and how many of these `requests` another
 * version answered. Counted by when a request was sent: one that overtakes an older one moves nobody.
 */
export function movedBack(answers: readonly Seen[], version: string): { again: number; requests: number } {
  const movedAtMs = new Map<string, number>();
  let again = 0;
  let requests = 0;
  for (const { user, version: answered, sentMs, answeredMs } of answers) {
    if (sentMs > (movedAtMs.get(user) ?? Number.POSITIVE_INFINITY)) {
      again++;
      if (answered !== version) requests++;
    }
    if (answered === version && !movedAtMs.has(user)) movedAtMs.set(user, answeredMs);
  }
  return { again, requests };
}

/**
 * Whether so many users may have moved at this weight: within 4 standard deviations of a fair draw, and `undecided`
 * requests that no decision reached.
 */
export function followsWeight({ users, usersMoved }: Split, weightBp: number, undecided: number): boolean {
  const share = weightBp / 10_000;
  return Math.abs(usersMoved - users * share) <= 4 * Math.sqrt(users * share * (1 - share)) + undecided;
}

/**
 * Who met a fault: users of the canary who were failed, or answered only after `slowMs`, when asked since a little before
 * `brokenFromMs`. `others`: failed requests of everybody else. Times by `performance.now()`.
 */
export function metBy(
  asked: readonly Asked[],
  how: {
    readonly brokenFromMs: number;
    readonly slowMs: number;
    readonly isOfCanary: (user: string) => boolean;
  },
): { requests: number; users: number; firstMs: number; others: number } {
  const isFailed = ({ status }: Asked) => status < 200 || status > 299;
  const isSlow = ({ sentMs, answeredMs }: Asked) => answeredMs - sentMs >= how.slowMs && answeredMs >= how.brokenFromMs;
  const met = asked.filter((one) => how.isOfCanary(one.user) && (isFailed(one) || isSlow(one)));
  const others = asked.filter((one) => isFailed(one) && !how.isOfCanary(one.user)).length;
  const firstMs = met.reduce((first, { sentMs }) => Math.min(first, sentMs), Number.POSITIVE_INFINITY);
  return { requests: met.length, users: new Set(met.map(({ user }) => user)).size, firstMs, others };
}
