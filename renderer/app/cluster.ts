import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { Health } from '../../main/api/kinds/kind.ts'
import { useCore } from '../api/collection.ts'
import { conditionsOf } from '../api/health.ts'
import { rememberedHealth } from '../api/kinds.ts'
import type { ApiObject } from '../api/object.ts'
import { useTime } from './time.ts'

/** Nodes and pods as the API server has them: what the bar and the map are about. */
export const useCluster = defineStore('cluster', () => {
  const time = useTime()
  const nodes = useCore('nodes')
  const pods = useCore('pods')

  const podsByNode = computed(() => {
    const byNode = new Map<string, ApiObject[]>()
    for (const pod of pods.items.value) {
      const node = (pod.spec as { nodeName?: string } | undefined)?.nodeName ?? ''
      const list = byNode.get(node)
      if (list) list.push(pod)
      else byNode.set(node, [pod])
    }
    return byNode
  })
  const readyNodes = computed(() => nodes.items.value.filter((node) => conditionsOf(node).some((condition) => condition.type === 'Ready' && condition.status === 'True')).length)

  /** Health changes with the objects, not with the clock. */
  const health = (object: ApiObject): Health => rememberedHealth(object, time.moment())

  return {
    nodes: nodes.items,
    pods: pods.items,
    state: computed(() => (nodes.state.value === 'live' && pods.state.value === 'live' ? 'live' : nodes.state.value === 'loading' || pods.state.value === 'loading' ? 'loading' : 'stale')),
    error: computed(() => nodes.error.value ?? pods.error.value),
    podsByNode,
    readyNodes,
    health,
  }
})
