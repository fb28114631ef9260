import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/foreign/**'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // real Envoys, models and sidecars share two cores: one file at a time keeps each test's machine its own
    fileParallelism: false,
  },
});
