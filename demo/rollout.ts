/** What the demo's understudy.yaml says of its rollout. From act to act only the two versions change. */

export type Build = {
  readonly version: string;
  /** Envoy's cluster for users; that for copies has `-shadow` behind it. */
  readonly cluster: string;
  /** Of the shadow, and what the model calls itself in `x-model-version`. */
  readonly name: string;
};

export const v1: Build = { version: '1.0.0', cluster: 'flight-delay-v1', name: 'v1' };
export const v2: Build = { version: '2.0.0', cluster: 'flight-delay-v2', name: 'v2' };
export const v3: Build = { version: '3.0.0', cluster: 'flight-delay-v3', name: 'v3' };

/** Builds of v2 that break when users meet them. */
export function nextBuild(version: string): Build {
  return { version, cluster: 'flight-delay-next', name: 'next' };
}

export const rolloutName = 'flight-delay';

/** `others` are rehearsed too. */
export function rolloutOf(stable: Build, canary: Build, others: readonly Build[] = []) {
  return {
    name: rolloutName,
    stable: { cluster: stable.cluster, version: stable.version },
    canary: { cluster: canary.cluster, version: canary.version },
    shadows: [canary, ...others].map(({ name, cluster, version }) => ({ name, cluster: `${cluster}-shadow`, version })),
    unit: [{ header: 'x-user-id' }],
    segments: { state: { header: 'x-geo-state' } },
    capture: { response: '64KiB' },
    prediction: {
      preset: 'kserve-v2',
      fields: {
        delay: { at: '/expected_delay_minutes', compare: { number: { abs: 10 } } },
        late: { at: '/late', compare: { class: {} } },
        hours: { at: '/best_hours', compare: { ranking: { k: 5, minOverlap: '60%' } } },
      },
    },
    // guards on latency, errors, silence and the agreement of each field; stages as below
    plan: 'fast',
    stages: [
      { name: 'shadow', weight: '0%', hold: { time: '10s', pairs: 500 } },
      { name: 'five', weight: '5%', hold: { time: '10s', requests: 30 } },
      { name: 'quarter', weight: '25%', hold: { time: '10s', requests: 100 } },
      { name: 'most', weight: '95%', hold: { time: '10s', requests: 300 } },
      { name: 'all', weight: '100%' },
    ],
    guards: [
      // "late" is a close call for many flights: another version may well decide it differently
      {
        ...{ name: 'agreement-late', metric: 'pair.agreement', field: 'late', min: '75%' },
        ...{ for: '30s', window: '1m', minN: 20, action: 'pause' },
      },
      // what looks fine over all traffic may be wrong in one state
      {
        name: 'by-state',
        metric: 'pair.agreement',
        field: 'delay',
        min: '90%',
        scope: { state: 'each' },
        action: 'pause',
      },
    ],
  };
}

export const stageNames: readonly string[] = ['shadow', 'five', 'quarter', 'most', 'all'];
