import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

/** `npm run test:long`: what takes too long for every change. */
export default defineConfig({
  test: { ...common, include: ['test/long/**/*.test.ts'], fileParallelism: false, testTimeout: 900_000 },
});
