/** What a plugin says of a pod. Upstream's codes: `Unschedulable` may change when pods leave a node; `UnschedulableAndUnresolvable`
 *  does not; `Skip` means that the plugin has nothing to do for this pod; `Wait` holds a pod before binding. */
export type Code = 'Error' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Wait' | 'Skip' | 'Pending'

/** Anything but success, which is `undefined`. */
export interface Status {
  readonly code: Code
  readonly reasons: readonly string[]
  /** Who said so; the framework fills it in. */
  readonly plugin?: string
}

export function unschedulable(...reasons: string[]): Status {
  return { code: 'Unschedulable', reasons }
}

export function unresolvable(...reasons: string[]): Status {
  return { code: 'UnschedulableAndUnresolvable', reasons }
}

export function failed(error: unknown): Status {
  return { code: 'Error', reasons: [error instanceof Error ? error.message : String(error)] }
}

export const skip: Status = { code: 'Skip', reasons: [] }

/** Whether the pod was turned down, as against a plugin that broke. */
export function isRejected(status: Status): boolean {
  return status.code === 'Unschedulable' || status.code === 'UnschedulableAndUnresolvable' || status.code === 'Pending'
}

export function messageOf(status: Status | undefined): string {
  return status ? status.reasons.join(', ') : ''
}
