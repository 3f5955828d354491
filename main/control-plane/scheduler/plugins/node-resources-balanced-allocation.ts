import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { amountOf } from '../framework/resources.ts'
import { skip } from '../framework/status.ts'

const usual = [{ name: 'cpu' }, { name: 'memory' }]

/** Prefers nodes on which, with the pod there, cpu and memory would be used up to a like degree: 100 × (1 − the standard deviation
 *  of the used fractions). Pods that ask for neither are left to the other plugins. */
export function nodeResourcesBalancedAllocation(resources: readonly { readonly name: string }[] = usual): Plugin {
  const balanced = resources.map(({ name }) => name)
  return {
    name: 'NodeResourcesBalancedAllocation',
    nodeLocal: true,
    preScore: (_, pod) => (balanced.every((name) => amountOf(pod.requests, name) === 0) ? skip : undefined),
    score(_, pod, node) {
      const fractions: number[] = []
      for (const name of balanced) {
        const allocatable = amountOf(node.allocatable, name)
        if (allocatable > 0) fractions.push(Math.min(1, (amountOf(node.requested, name) + amountOf(pod.requests, name)) / allocatable))
      }
      return Math.trunc((1 - deviation(fractions)) * maxNodeScore)
    },
  }
}

function deviation(fractions: readonly number[]): number {
  if (fractions.length < 2) return 0
  if (fractions.length === 2) return Math.abs((fractions[0]! - fractions[1]!) / 2)
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length
  return Math.sqrt(fractions.reduce((sum, fraction) => sum + (fraction - mean) ** 2, 0) / fractions.length)
}
