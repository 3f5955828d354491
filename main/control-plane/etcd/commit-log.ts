import type { Entry, Proposal } from './proposal.ts'

/** How a member agrees with the others, and with its own disk, on what happens next: propose, and sooner or later the entry
 *  is committed, in one order everywhere. One member alone commits when its disk has synced; a Raft group when a majority has. */
export interface CommitLog {
  readonly term: number
  /** Index of the newest committed entry. */
  readonly committed: number
  /** This member's id is the leader's. */
  readonly leading: boolean
  readonly leader: string
  /** Hands in a proposal. `settled` is called when the entry is committed, with the entry (the same proposal object), in commit
   *  order; or with the reason why it never will be. */
  propose(proposal: Proposal, settled: (entry: Entry | undefined, refusal?: Error) => void): void
  /** Calls `ready` once everything committed before now is applied here, so that a read is linearizable. */
  readIndex(ready: () => void): void
}

/** Commits at once, keeps nothing: for tests and for stores that nobody has to find again. */
export class VolatileLog implements CommitLog {
  readonly term = 2
  readonly leading = true
  readonly leader: string
  committed = 1

  constructor(leader: string) {
    this.leader = leader
  }

  propose(proposal: Proposal, settled: (entry: Entry) => void): void {
    settled({ index: ++this.committed, term: this.term, proposal })
  }

  readIndex(ready: () => void): void {
    ready()
  }
}
