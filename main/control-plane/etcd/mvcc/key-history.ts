import type { KeyValue } from '../client.ts'

/** A version that says "deleted": etcd's tombstone. */
export function isTombstone(kv: KeyValue): boolean {
  return kv.version === 0
}

/** The versions of one key that are still kept, oldest first, deletions included. A key changes at most once per
 *  revision: etcd refuses transactions that would do more. */
export class KeyHistory {
  readonly key: string
  versions: KeyValue[] = []

  constructor(key: string) {
    this.key = key
  }

  /** The newest version if the key exists now. */
  get current(): KeyValue | undefined {
    const newest = this.versions[this.versions.length - 1]
    return newest && !isTombstone(newest) ? newest : undefined
  }

  /** What the key was at `revision`; undefined when it did not exist. */
  at(revision: number): KeyValue | undefined {
    for (let index = this.versions.length - 1; index >= 0; index--) {
      const version = this.versions[index]!
      if (version.modRevision <= revision) return isTombstone(version) ? undefined : version
    }
    return undefined
  }

  /** Forgets what nobody can see any more once everything before `revision` is compacted. Answers what was forgotten.
   *  A tombstone of exactly that revision stays, so that a watch from there still sees it (etcd 3.6). */
  compact(revision: number): readonly KeyValue[] {
    let seen = -1
    for (let index = this.versions.length - 1; index >= 0; index--) {
      if (this.versions[index]!.modRevision <= revision) {
        seen = index
        break
      }
    }
    if (seen < 0) return []
    const gone = isTombstone(this.versions[seen]!) && this.versions[seen]!.modRevision < revision
    return this.versions.splice(0, gone ? seen + 1 : seen)
  }
}
