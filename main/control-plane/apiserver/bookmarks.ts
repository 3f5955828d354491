import type { Process } from '../../kernel/machine.ts'
import type { Resources } from './registry/resources.ts'

/** About how often upstream sends one. */
const periodMs = 60_000

/** Tells watchers that asked for it how far they have seen, so that they can resume even when nothing of theirs changes. One timer
 *  serves all. */
export function sendBookmarks(process: Process, resources: Resources): void {
  process.clock.every(periodMs, () => {
    for (const { stored } of resources.all()) for (const session of stored?.sessions ?? []) if (session.wantsBookmarks) session.sendBookmark()
  })
}
