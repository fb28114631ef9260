import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

/** `npm run test:foreign`: through model servers that others wrote. Fetches them from PyPI the first time. */
export default defineConfig({
  test: {
    ...common,
    include: ['test/foreign/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
