import type { Process } from '../../kernel/machine.ts'
import type { Resources } from './registry/resources.ts'
import type { Feed } from './storage/feed.ts'

/** Shows the watch cache: how many objects of each resource it holds, how new they are, and who watches. */
export function exposeWatchCache(process: Process, resources: Resources, feed: Feed): void {
  process.expose('watch-cache', () => ({
    revision: feed.revision,
    ready: feed.ready,
    resources: [...resources.all()].filter(({ stored }) => stored !== undefined).map(({ kind, stored }) => ({
      group: kind.group,
      version: kind.version,
      resource: kind.plural,
      objects: stored!.cache.size,
      revision: stored!.cache.revision,
      watchers: stored!.sessions.size,
    })),
  }))
  feed.onRevision(() => process.changed('watch-cache'))
}
