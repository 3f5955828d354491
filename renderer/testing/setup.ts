import { enableAutoUnmount } from '@vue/test-utils'
import { afterAll, afterEach, vi } from 'vitest'

/** What a test mounted goes with it, and so do its timers and streams. */
enableAutoUnmount(afterEach)

/** A view that is still being loaded when its file's tests are over would be asked for from a worker that has gone, which fails the run. */
afterAll(async () => {
  await vi.dynamicImportSettled()
})
