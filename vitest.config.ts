import { defineConfig } from 'vitest/config';

const packages = ['protocol', 'core', 'sandbox', 'agents', 'server', 'cli'];

export default defineConfig({
  test: {
    projects: [
      ...packages.map((name) => ({
        test: { name, include: [`packages/${name}/{src,test}/**/*.test.ts`], testTimeout: 60_000 },
      })),
      { test: { name: 'repository', include: ['tools/**/*.test.ts', 'e2e/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
