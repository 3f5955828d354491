/** A container (or the pod's sandbox) could not start: `reason` becomes its waiting reason, the text the message. */
export class StartError extends Error {
  readonly reason: string
  /** When trying again makes sense, virtual ms; absent: after the usual delay. */
  readonly retryAt: number | undefined

  constructor(reason: string, message: string, retryAt?: number) {
    super(message)
    this.reason = reason
    this.retryAt = retryAt
  }
}
