/** How many seats a request takes. */
import type { RequestInfo } from '../request-info/request-info.ts'
import type { WorkEstimate } from './queue-set.ts'

/** What the server knows of the objects that a request is about. */
export interface ResourceStats {
  readonly objects: number
  readonly averageBytes: number
  /** Watches that an ordinary change in that namespace wakes. */
  readonly watchers: (namespace: string) => number
}

export const oneSeat: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 }

const listSeatsMax = 100
const mutatingSeatsMax = 10
const bytesPerSeat = 100_000
const watchesPerSeat = 10
/** A list from the cache is written piece by piece: it never takes more memory than this. */
const cachedListBytesMax = 1_000_000
/** What the fan-out of an event takes, per seat. */
const eventMs = 5
const mutating = new Set(['create', 'update', 'patch', 'delete'])

/** Upstream's estimate: lists by the bytes that they hold at once, writes by the watches that they wake. `levelSeatsMax` is what one
 *  request may take of its level. */
export function estimateWork(info: RequestInfo, statsOf: (info: RequestInfo) => ResourceStats | undefined, levelSeatsMax: number): WorkEstimate {
  if (!info.isResource) return oneSeat
  const { verb } = info
  if (verb === 'list' || verb === 'watch') return listEstimate(info, statsOf, levelSeatsMax)
  if (!mutating.has(verb) || info.subresource === 'token') return oneSeat
  const watchers = statsOf(info)?.watchers(info.namespace) ?? 0
  if (watchers === 0) return oneSeat
  const wanted = Math.ceil(watchers / watchesPerSeat)
  const finalSeats = Math.max(1, Math.min(wanted, mutatingSeatsMax, levelSeatsMax))
  return { initialSeats: 1, finalSeats, additionalLatencyMs: (wanted * eventMs) / finalSeats }
}

function listEstimate({ verb, name, query, ...info }: RequestInfo, statsOf: (info: RequestInfo) => ResourceStats | undefined, levelSeatsMax: number): WorkEstimate {
  if (name !== '') return oneSeat
  const version = query.get('resourceVersion')
  if (verb === 'watch' && !query.flag('sendInitialEvents') && version !== '' && version !== '0') return oneSeat
  const stats = statsOf({ verb, name, query, ...info })
  if (!stats) return oneSeat
  const limit = Number(query.get('limit')) || 0
  const limited = limit > 0 ? Math.min(limit, stats.objects) : stats.objects
  const match = query.get('resourceVersionMatch')
  const fromStorage = verb === 'list' && (query.get('continue') !== '' || match === 'Exact' || (limit > 0 && version !== '' && version !== '0' && match === ''))
  const selects = query.get('labelSelector') !== '' || query.get('fieldSelector') !== ''
  const loaded = fromStorage && selects ? Math.max(limited, stats.objects / 2) : limited
  const bytes = loaded * stats.averageBytes
  const seats = Math.ceil((fromStorage ? bytes : Math.min(bytes, cachedListBytesMax)) / bytesPerSeat)
  const seatsMax = Math.min(listSeatsMax, levelSeatsMax)
  return seats <= 1 || seatsMax <= 1 ? oneSeat : { initialSeats: Math.min(seats, seatsMax), finalSeats: 0, additionalLatencyMs: 0 }
}
