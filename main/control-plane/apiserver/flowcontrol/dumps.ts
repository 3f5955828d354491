/** `/debug/api_priority_and_fairness/…`: levels, queues and requests as tables for people. */
import { formatDuration, formatTime } from '../../../api/machinery/time.ts'
import type { Asked } from './flow-schemas.ts'
import type { FlowControl, Level } from './flow-control.ts'
import { maxSeats } from './queue-set.ts'
import type { Queue, QueuedRequest } from './queue-set.ts'

const levelColumns = ['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests', 'DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests']
const queueColumns = ['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR', 'InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum']
const requestColumns = ['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency', 'StartTime']
const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource']

/** The page under a path's last segment; undefined for none. `details` adds what requests are about. */
export function flowDump(flow: FlowControl, page: string, details: boolean): string | undefined {
  const levels = [...flow.levels].sort((a, b) => (a.name < b.name ? -1 : 1))
  if (page === 'dump_priority_levels') return aligned([levelColumns, ...levels.map(levelRow)])
  if (page === 'dump_queues') return aligned([queueColumns, ...levels.flatMap((level) => level.set.queues.map((queue) => queueRow(level, queue)))])
  if (page === 'dump_requests') return aligned([details ? [...requestColumns, ...detailColumns] : requestColumns, ...levels.flatMap((level) => requestRows(flow, level, details))])
  return undefined
}

function levelRow({ name, set, quiescing }: Level): string[] {
  const active = set.queues.filter(({ waiting }) => waiting.length > 0).length
  const { dispatched, rejected, timedOut, cancelled } = set.counts
  return [name, String(active), String(set.isIdle), String(quiescing), String(set.waiting), String(set.executing), String(dispatched), String(rejected), String(timedOut), String(cancelled)]
}

function queueRow({ name }: Level, queue: Queue): string[] {
  const sum = (seatsOf: (request: QueuedRequest) => number): number => queue.waiting.reduce((all, request) => all + seatsOf(request), 0)
  return [name, String(queue.index), String(queue.waiting.length), String(queue.executing), String(queue.seatsInUse), seatSeconds(queue.nextDispatchR), String(sum(({ work }) => work.initialSeats)), String(sum(({ work }) => maxSeats(work))), seatSeconds(queue.work)]
}

function requestRows(flow: FlowControl, level: Level, details: boolean): string[][] {
  const executing = flow.executingOf(level).map((request) => requestRow(level, request, -1, -1, details))
  const waiting = level.set.queues.flatMap((queue) => queue.waiting.map((request, index) => requestRow(level, request, queue.index, index, details)))
  return [...executing, ...waiting]
}

function requestRow({ name }: Level, { schema, distinguisher, arrivedAt, startedAt, work, about }: QueuedRequest, queue: number, index: number, details: boolean): string[] {
  const row = [name, schema, String(queue), String(index), distinguisher, formatNanos(arrivedAt), String(work.initialSeats), String(work.finalSeats), formatDuration(work.additionalLatencyMs), startedAt === 0 ? '0001-01-01T00:00:00Z' : formatNanos(startedAt)]
  if (!details) return row
  const { user, info } = about as Asked
  return [...row, user.name, info.verb, info.path, info.namespace, info.name, info.group === '' ? info.version : `${info.group}/${info.version}`, info.resource, info.subresource]
}

function seatSeconds(value: number): string {
  return `${value.toFixed(8)}ss`
}

/** As Go's RFC3339Nano: no zeros at the end of the fraction. */
function formatNanos(ms: number): string {
  const fraction = Math.floor(ms) % 1000
  return `${formatTime(ms).slice(0, 19)}${fraction === 0 ? '' : `.${String(fraction).padStart(3, '0').replace(/0+$/, '')}`}Z`
}

/** Cells with commas, each column as wide as its widest and at least eight, as Go's tabwriter sets them. */
function aligned(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell, index) => (index < row.length - 1 ? `${cell},` : cell)))
  const widths: number[] = []
  for (const row of cells) row.slice(0, -1).forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 8, cell.length + 1)))
  return cells.map((row) => `${row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index]!) : cell)).join('')}\n`).join('')
}
