import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** `npx vitest run main/…` runs what stands beside the source; what crosses folders has projects of its own, because it
 *  needs more time, a built bundle or a browser. */
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', environment: 'node', include: ['main/**/*.test.ts', 'preload/**/*.test.ts', 'test/floors/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        plugins: [vue()],
        test: { name: 'window', environment: 'happy-dom', include: ['renderer/**/*.test.ts'], setupFiles: ['renderer/testing/setup.ts'], testTimeout: 60_000 },
      },
      {
        test: { name: 'simulation', environment: 'node', include: ['test/simulation/**/*.test.ts', 'test/conformance/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 60_000 },
      },
      {
        test: { name: 'parity', environment: 'node', include: ['test/parity/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
      },
      {
        test: { name: 'e2e', environment: 'node', include: ['test/e2e/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
      },
    ],
    maxWorkers: 2,
  },
})
