import type { Process } from '../../kernel/machine.ts'
import type { AuditRecord } from './audit/auditor.ts'
import type { User } from './authn/user.ts'

/** What every step of one request may need to know of it. */
export interface RequestContext {
  readonly user: User
  /** The User-Agent header, '' when absent. */
  readonly userAgent: string
  /** Texts for Warning headers, in order, each once. */
  readonly warnings: Warnings
  readonly process: Process
  /** RFC 3339 of when the request began. */
  readonly timestamp: string
  /** What the audit log holds of this request; undefined when nothing of it is written down. */
  readonly audit?: AuditRecord | undefined
  /** Notes something for the audit log. */
  annotate?(key: string, value: string): void
  /** Whether the request has been answered (it took too long), or its client has gone. */
  isOver?(): boolean
}

/** Collects warnings for a response. */
export class Warnings {
  readonly texts: string[] = []

  add(text: string): void {
    if (text !== '' && !this.texts.includes(text)) this.texts.push(text)
  }
}
