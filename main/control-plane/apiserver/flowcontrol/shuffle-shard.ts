/** Which queues a flow may use: a hand of distinct cards, dealt from the flow's hash alone, so that a flow always gets the same hand
 *  and two flows hardly ever share all of theirs. */

/** The hash of a flow: two independent halves of 32 bits. (Upstream takes the first 64 bits of a SHA-256; the distribution is what
 *  counts.) */
export interface FlowHash {
  readonly high: number
  readonly low: number
}

export function flowHash(schema: string, distinguisher: string): FlowHash {
  let high = 0x811c9dc5
  let low = 0x9747b28c
  const mix = (text: string): void => {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      high = Math.imul(high ^ code, 0x01000193)
      low = Math.imul(low ^ (code + 0x9e37), 0x85ebca6b) ^ (low >>> 13)
    }
  }
  mix(schema)
  mix(',')
  mix(distinguisher)
  return { high: finished(high), low: finished(low) }
}

function finished(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x7feb352d)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x846ca68b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** Deals `size` distinct numbers below `deck`: each card's place among those that are left is the next digit of the hash. */
export function dealHand({ high, low }: FlowHash, deck: number, size: number): number[] {
  const hand: number[] = []
  // 53 bits at a time, folded anew for each card.
  let entropy = (high % 0x200000) * 0x100000000 + low
  for (let left = deck; hand.length < Math.min(size, deck); left--) {
    let card = entropy % left
    entropy = Math.floor(entropy / left)
    // Skip those that were dealt: they are kept in order beside the hand.
    for (const dealt of [...hand].sort((a, b) => a - b)) if (card >= dealt) card++
    hand.push(card)
  }
  return hand
}
