import { defineConfig } from 'vitest/config';

/** Of every kind of test. */
export const common = {
  globalSetup: ['test/setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** They mostly wait: for blocks of ten seconds to be closed and judged. */
const WAITING = [
  'test/system/{breaker,breaks,promotion,verdicts}.test.ts',
  'test/wire/{judging-sidecar,release-sidecar,made-rollouts}.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      project('unit', { include: ['test/unit/**/*.test.ts'], maxWorkers: 2 }),
      project('waiting', { include: WAITING, maxWorkers: 2 }),
      // real Envoys, models and sidecars share two cores: one file at a time keeps each test's machine its own
      project('alone', { include: ['test/{wire,system}/**/*.test.ts'], exclude: WAITING, maxWorkers: 1 }),
    ],
  },
});

function project(name: string, test: { include: string[]; exclude?: string[]; maxWorkers: number }) {
  const groupOrder = ['unit', 'waiting', 'alone'].indexOf(name);
  return { test: { ...common, ...test, name, sequence: { groupOrder } } };
}
