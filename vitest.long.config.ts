import { defineConfig } from 'vitest/config';
import short from './vitest.config.ts';

/** `npm run test:long`: what takes too long for every change. */
export default defineConfig({
  test: { ...short.test, include: ['test/long/**/*.test.ts'], exclude: [], testTimeout: 900_000 },
});
