/** What `outcomes:` of the configuration says, complete and plain. */
export interface OutcomesSpec {
  /** Absolute path of the SQLite file. */
  readonly database: string;
  /** Share of units, by hash; of a sampled unit every exposure is kept. 0..10000. */
  readonly sampleBp: number;
  /** Exposures and outcomes older than this are deleted. */
  readonly keepMs: number;
  /** Beyond it the oldest exposures go; as many outcomes are kept. */
  readonly maxExposures: number;
}
