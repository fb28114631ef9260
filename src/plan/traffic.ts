/** What is known, or assumed, of the traffic that a plan is for. */
export interface Traffic {
  /** To the rollout, both arms together. */
  readonly requestsPerSecond: number;
  /** Stable's share of requests with an error. */
  readonly errorRate: number;
  /** Share of exposures with the outcome. */
  readonly outcomeRate: number;
}

/** Where nothing was seen (the world of research/statistics.md 13). */
export const ASSUMED_TRAFFIC: Traffic = { requestsPerSecond: 100, errorRate: 0.001, outcomeRate: 0.05 };
