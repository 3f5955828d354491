/** The older way to hold back: so many reads and so many writes at a time, whoever sends them. It holds where priority and fairness is
 *  turned off (`--enable-priority-and-fairness=false`). The masters pass. */
import { mastersGroup } from '../authn/user.ts'
import type { Asked } from './flow-schemas.ts'
import type { Gate, Pass } from './gate.ts'

const reading = new Set(['get', 'list', 'watch'])

interface InFlight extends Pass {
  readonly kind: 'reads' | 'writes' | undefined
  left: boolean
}

export class MaxInFlight implements Gate {
  readonly #limits: Readonly<Record<'reads' | 'writes', number>>
  readonly #running = { reads: 0, writes: 0 }

  /** A limit of 0 is none. */
  constructor(limits: { readonly reads: number; readonly writes: number }) {
    this.#limits = limits
  }

  enter({ user, info }: Asked): InFlight {
    // What lasts as long as its client likes is not counted.
    if (info.verb === 'watch' || user.groups.includes(mastersGroup)) return { outcome: 'runs', headers: {}, kind: undefined, left: false }
    const kind = reading.has(info.verb) || !info.isResource ? 'reads' : 'writes'
    const limit = this.#limits[kind]
    if (limit > 0 && this.#running[kind] >= limit) return { outcome: 'refused', headers: {}, kind: undefined, left: true }
    this.#running[kind]++
    return { outcome: 'runs', headers: {}, kind, left: false }
  }

  leave(pass: InFlight): void {
    if (pass.left) return
    pass.left = true
    if (pass.kind) this.#running[pass.kind]--
  }
}
