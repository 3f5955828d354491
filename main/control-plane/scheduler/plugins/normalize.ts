import { maxNodeScore, type NodeScore } from '../framework/plugin.ts'

/** Stretches scores to 0 … 100 by the largest, or the other way round (upstream's DefaultNormalizeScore). */
export function normalizeByLargest(scores: NodeScore[], reverse: boolean): void {
  let largest = 0
  for (const { score } of scores) largest = Math.max(largest, score)
  for (const entry of scores) {
    if (largest === 0) entry.score = reverse ? maxNodeScore : entry.score
    else {
      const scaled = Math.floor((maxNodeScore * entry.score) / largest)
      entry.score = reverse ? maxNodeScore - scaled : scaled
    }
  }
}
