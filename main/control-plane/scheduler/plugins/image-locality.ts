import { maxNodeScore, type ClusterView, type Plugin } from '../framework/plugin.ts'
import type { NodeInfo } from '../framework/node-info.ts'

const mebibyte = 1024 * 1024
/** Images smaller than this are not worth a preference, larger ones than that per container not worth a stronger one. */
const smallestBytes = 23 * mebibyte
const largestBytesPerContainer = 1_000 * mebibyte

/** Prefers nodes that have the pod's images already, by their size; images that few nodes have count less, so that pods do not
 *  crowd on those. */
export function imageLocality(view: Pick<ClusterView, 'nodes' | 'imageSpread'>): Plugin {
  return {
    name: 'ImageLocality',
    nodeLocal: true,
    score(_, { pod }, node) {
      const images = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((container) => normalizedImageName(container.image ?? ''))
      const sum = images.reduce((bytes, image) => bytes + presentBytes(image, node, view), 0)
      const largestBytes = largestBytesPerContainer * images.length
      const clamped = Math.min(largestBytes, Math.max(smallestBytes, sum))
      return Math.trunc((maxNodeScore * (clamped - smallestBytes)) / (largestBytes - smallestBytes))
    },
  }
}

function presentBytes(image: string, node: NodeInfo, view: Pick<ClusterView, 'nodes' | 'imageSpread'>): number {
  const bytes = node.images.get(image)
  return bytes === undefined ? 0 : Math.trunc(bytes * (view.imageSpread(image) / view.nodes.length))
}

/** As node status names images: with a tag. */
export function normalizedImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}
