/** Feeds priority and fairness from the cluster's FlowSchemas and PriorityLevelConfigurations. */
import type { FlowSchema, PriorityLevelConfiguration } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import type { RequestInfo } from '../request-info/request-info.ts'
import type { FlowControl } from './flow-control.ts'
import type { ResourceStats } from './work-estimate.ts'

const group = 'flowcontrol.apiserver.k8s.io'

/** Keeps the configuration as the objects say; several changes at once are read once. */
export function followFlowObjects(process: Process, resources: Resources, flow: FlowControl): void {
  const schemas = resources.ofGroup(group, 'flowschemas')?.stored?.cache
  const levels = resources.ofGroup(group, 'prioritylevelconfigurations')?.stored?.cache
  if (!schemas || !levels) return
  let pending = false
  const changed = (): void => {
    if (pending) return
    pending = true
    process.clock.afterUncaused(0, () => {
      pending = false
      flow.configure(allOf<FlowSchema>(schemas), allOf<PriorityLevelConfiguration>(levels))
    })
  }
  schemas.onChange(changed)
  levels.onChange(changed)
}

function allOf<T extends KubeObject>(cache: WatchCache): T[] {
  const found: T[] = []
  cache.scan(undefined, (object) => {
    found.push(object as T)
    return true
  })
  return found
}

/** What the work estimate asks of the caches. */
export function statsOfResources(resources: Resources): (info: RequestInfo) => ResourceStats | undefined {
  return ({ group: apiGroup, version, resource }) => {
    const cache = resources.find(apiGroup, version, resource)?.stored?.cache
    if (!cache) return undefined
    return {
      objects: cache.size,
      get averageBytes() {
        return cache.averageBytes
      },
      watchers: (namespace) => cache.broadWatchers(namespace),
    }
  }
}
