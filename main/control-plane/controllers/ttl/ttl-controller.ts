import { defineController } from '../../../api/client/controller.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'

const ttlAnnotation = 'node.alpha.kubernetes.io/ttl'

/** From how many nodes on, and up to how many, a time holds: they overlap, so that it does not change with every node. */
const boundaries = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Infinity, seconds: 300 },
] as const

/** Tells kubelets by an annotation of their nodes how long they may keep secrets and config maps, by the size of the cluster. Follows
 *  pkg/controller/ttl. */
export const ttlController = defineController({
  name: 'ttl-controller',
  noun: 'node',
  workers: 5,
  setUp({ client, informers }, queue) {
    const nodes = informers.of(nodeKind)
    let step = 0
    const counted = (): void => {
      const count = nodes.list().length
      const before = step
      while (count > boundaries[step]!.max) step++
      while (count < boundaries[step]!.min) step--
      if (step !== before) for (const { metadata } of nodes.list()) queue.add(metadata.name)
    }
    nodes.onChange({
      added: ({ metadata }) => {
        counted()
        queue.add(metadata.name)
      },
      updated: ({ metadata }) => queue.add(metadata.name),
      deleted: counted,
    })
    return async (name) => {
      const node = nodes.get(undefined, name)
      const wanted = String(boundaries[step]!.seconds)
      if (!node || node.metadata.annotations?.[ttlAnnotation] === wanted) return undefined
      await client.patch(nodeKind, name, undefined, 'strategic', { metadata: { annotations: { [ttlAnnotation]: wanted } } }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
      return undefined
    }
  },
})
