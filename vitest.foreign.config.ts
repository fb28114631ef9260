import { defineConfig } from 'vitest/config';
import short from './vitest.config.ts';

/** `npm run test:foreign`: through model servers that others wrote. Fetches them from PyPI the first time. */
export default defineConfig({
  test: {
    ...short.test,
    include: ['test/foreign/**/*.test.ts'],
    exclude: [],
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
