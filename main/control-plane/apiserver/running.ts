import { parseDuration } from '../../api/machinery/time.ts'
import type { Process } from '../../kernel/machine.ts'
import { auditSettings, flagOf } from './audit/audit-flags.ts'
import { Auditor } from './audit/auditor.ts'
import type { ServerFiles } from './audit/log-file.ts'
import { FlowControl } from './flowcontrol/flow-control.ts'
import { followFlowObjects, statsOfResources } from './flowcontrol/flow-objects.ts'
import type { Gate } from './flowcontrol/gate.ts'
import { priorityLevelViews } from './flowcontrol/levels-view.ts'
import { MaxInFlight } from './flowcontrol/max-in-flight.ts'
import type { Resources } from './registry/resources.ts'
import type { RequestLog } from './request-log.ts'

export interface RunningOptions {
  /** The command line: of its flags those of the audit log and of requests in flight count here. */
  readonly flags?: readonly string[]
  /** The server's own file system: where its policy files are and its audit log goes. */
  readonly files?: ServerFiles
}

/** What keeps a server in order while it runs: whose turn it is, what is written down, and how it ends. */
export interface Running {
  /** Who lets requests in. */
  readonly gate: Gate
  /** The same, where it is priority and fairness. */
  readonly flow: FlowControl | undefined
  readonly auditor: Auditor | undefined
  /** From here on the server says that it is not ready. */
  readonly isStopping: () => boolean
  /** From here on it takes no more requests. */
  readonly isDraining: () => boolean
  /** Stops in order: readiness fails first, watches end, what is in flight is finished. `leave` takes the server out of the cluster. */
  readonly drain: (leave: () => Promise<void>) => Promise<void>
}

/** What requests in flight get to finish when the server stops (upstream's --request-timeout). */
const drainMsMax = 60_000
const durationTextMax = 40

export function keepRunning(process: Process, options: RunningOptions, resources: Resources, log: RequestLog): Running {
  const flags = options.flags ?? []
  const limits = { reads: numberOf(flags, 'max-requests-inflight', 400), writes: numberOf(flags, 'max-mutating-requests-inflight', 200) }
  // With priority and fairness the two limits are one number of seats.
  const flow = flagOf(flags, 'enable-priority-and-fairness') === 'false' ? undefined : new FlowControl(process, { seats: Math.max(1, limits.reads + limits.writes), statsOf: statsOfResources(resources) })
  if (flow) {
    followFlowObjects(process, resources, flow)
    log.showBesides('priorityLevels', () => priorityLevelViews(flow))
  }
  const delayMs = parseDuration((flagOf(flags, 'shutdown-delay-duration') ?? '').slice(0, durationTextMax)) ?? 0
  let isStopping = false
  let isDraining = false
  return {
    gate: flow ?? new MaxInFlight(limits),
    flow,
    auditor: auditorOf(process, options),
    isStopping: () => isStopping,
    isDraining: () => isDraining,
    async drain(leave) {
      isStopping = true
      process.journal.info('[graceful-termination] shutdown event', { name: 'ShutdownInitiated' })
      await leave()
      if (delayMs > 0) await process.clock.sleep(delayMs)
      process.journal.info('[graceful-termination] shutdown event', { name: 'AfterShutdownDelayDuration' })
      isDraining = true
      process.journal.info('[graceful-termination] shutdown event', { name: 'NotAcceptingNewRequest' })
      for (const { stored } of resources.all()) for (const session of [...(stored?.sessions ?? [])]) session.lost()
      await Promise.race([log.whenQuiet(), process.clock.sleep(drainMsMax)])
      process.journal.info('[graceful-termination] shutdown event', { name: 'InFlightRequestsDrained' })
      process.journal.info('[graceful-termination] apiserver is exiting')
    },
  }
}

function numberOf(flags: readonly string[], name: string, otherwise: number): number {
  const text = flagOf(flags, name)
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : otherwise
}

/** What the flags of the audit log ask for. A policy that can't be used ends the server, as upstream's start does. */
function auditorOf(process: Process, { flags, files }: RunningOptions): Auditor | undefined {
  if (!flags || !files) return undefined
  try {
    const settings = auditSettings(flags, files, () => process.clock.now(), (line) => process.journal.info(line.trimEnd()))
    return settings && new Auditor(process, settings.policy, settings.sink)
  } catch (error) {
    process.journal.error('command failed', { err: error })
    process.clock.after(0, () => process.scope.close())
    return undefined
  }
}
