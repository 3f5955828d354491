import type { Secret, ServiceAccount } from '../../../api/generated/types.ts'
import { formatTime, parseTime, timeOr0 } from '../../../api/machinery/time.ts'

export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'
export const accountNameAnnotation = 'kubernetes.io/service-account.name'
const accountUidAnnotation = 'kubernetes.io/service-account.uid'
const dayMs = 86_400_000

/** What is to happen to a Secret. `unreadable`: its day of last use is no date, so that nothing can be said of it. */
export type Verdict = 'keep' | 'invalidate' | 'delete' | 'unreadable'

/** What has to be known of the rest of the cluster to judge a Secret. */
export interface Surroundings {
  /** The account with the name that the Secret has in its annotation. */
  readonly account: ServiceAccount | undefined
  /** Some pod of the namespace names the Secret. Asked only where all else says that it goes. */
  readonly isMounted: () => boolean
  /** Virtual ms since the epoch. */
  readonly now: number
  readonly cleanUpPeriodMs: number
}

/** Whether the Secret holds an auto-generated token that nobody has used for the period: such a one is marked first, and goes when another
 *  period has passed. Days are compared as UTC dates, as upstream does. */
export function judge({ type, metadata }: Secret, { account, isMounted, now, cleanUpPeriodMs }: Surroundings): Verdict {
  if (type !== 'kubernetes.io/service-account-token' || metadata.deletionTimestamp) return 'keep'
  const start = now - cleanUpPeriodMs
  if (timeOr0(metadata.creationTimestamp) >= start) return 'keep'
  const labels = metadata.labels ?? {}
  const lastUsed = labels[lastUsedLabel]
  if (lastUsed !== undefined && dayOf(lastUsed) === undefined) return 'unreadable'
  if (lastUsed !== undefined && lastUsed >= dateOf(start)) return 'keep'
  if (!account?.secrets?.some(({ name }) => name === metadata.name)) return 'keep'
  const uid = metadata.annotations?.[accountUidAnnotation] ?? ''
  if ((uid !== '' && uid !== account.metadata.uid) || isMounted()) return 'keep'
  const invalidSince = labels[invalidSinceLabel] ?? ''
  if (dayOf(invalidSince) === undefined) return 'invalidate'
  return invalidSince >= dateOf(start) ? 'keep' : 'delete'
}

/** The first moment from which every use was noted for sure, by the day in the tracking ConfigMap: the beginning of the day after; undefined
 *  if the text is no date. */
export function trackedFrom(since: string): number | undefined {
  const at = dayOf(since)
  return at === undefined ? undefined : at + dayMs
}

/** `2026-01-31`, in UTC. */
export function dateOf(ms: number): string {
  return formatTime(ms).slice(0, 10)
}

/** The beginning of a day `2026-01-31`; undefined if there is no such day. */
function dayOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined
  const at = parseTime(`${text}T00:00:00Z`)
  return at !== undefined && dateOf(at) === text ? at : undefined
}
