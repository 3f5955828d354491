import type { ControllerDefinition } from '../../../../api/client/controller.ts'
import type { FakeApi } from '../../../../api/client/testing/fake-api.ts'
import { builtInKinds } from '../../../../api/kinds/registry.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { benchFaults, controllerBench, type BenchFault, type BenchOptions, type ControllerBench } from '../controller-bench.ts'

/** A story of one or more controllers that has to end the same whatever fails on the way. */
export interface FaultScenario {
  /** The controllers under test, by the names of their definitions. */
  readonly controllers: readonly ControllerDefinition[]
  /** What it tells: `rolls out a new image`. */
  readonly story: string
  readonly before?: (api: FakeApi) => void
  /** Plays everybody else. Ends when everything has had its time. */
  run(bench: ControllerBench): Promise<void>
  /** What has to be the same in the end; default: everything that is stored, as `worldOf` tells it. */
  outcome?(bench: ControllerBench): unknown
}

/** One run: what came out, and how many writes the controllers asked for. */
export async function play(scenario: FaultScenario, fault?: BenchOptions['fault']): Promise<{ readonly outcome: unknown; readonly writes: number }> {
  const bench = await controllerBench(scenario.controllers, { ...(scenario.before ? { before: scenario.before } : {}), ...(fault ? { fault } : {}) })
  let writes = 0
  const { fault: inner } = bench.api
  bench.api.fault = (request) => {
    if (request.write && request.verb !== 'watch' && request.resource !== 'events') writes++
    return inner?.(request)
  }
  await scenario.run(bench)
  return { outcome: scenario.outcome ? scenario.outcome(bench) : worldOf(bench.api), writes }
}

/** Of long stories these are left out: they differ from another fault by the error's text alone. */
const manyWrites = 12
const alike: ReadonlySet<BenchFault> = new Set<BenchFault>(['internal', 'timeout-before', 'connection-lost-after'])

/** Plays the scenario undisturbed, then with each fault at each write, and answers the faults after which it did not end the same. */
export async function strayed(scenario: FaultScenario, kinds: readonly BenchFault[] = benchFaults): Promise<{ readonly tried: number; readonly strays: readonly { readonly fault: string; readonly outcome: unknown; readonly expected: unknown }[] }> {
  const { outcome: expected, writes } = await play(scenario)
  const strays: { fault: string; outcome: unknown; expected: unknown }[] = []
  const wanted = JSON.stringify(expected)
  let tried = 0
  for (const kind of kinds) {
    if (writes > manyWrites && alike.has(kind)) continue
    const whole = kind === 'events-late' || kind === 'events-twice' || kind === 'watches-expire'
    for (let write = 1; write <= (whole ? 1 : writes); write++) {
      tried++
      const { outcome } = await play(scenario, { kind, write })
      if (JSON.stringify(outcome) !== wanted) strays.push({ fault: whole ? kind : `${kind} at write ${write} of ${writes}`, outcome, expected })
    }
  }
  return { tried, strays }
}

const told = builtInKinds.filter(({ plural }) => plural !== 'events')

/** Everything that is stored but events, without what differs from run to run: uids, versions, times, addresses, random ends of names. One line
 *  an object, sorted. */
export function worldOf(api: FakeApi): string[] {
  const objects = told.flatMap((kind) => (api.stored(kind) as KubeObject[]).map((object) => ({ kind: kind.kind, object })))
  const names = new Map<string, string>()
  const unknown = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
  for (const { object } of objects) {
    const { name, generateName } = object.metadata
    if (generateName && name.startsWith(generateName)) names.set(name, `${generateName}*`)
  }
  const lines = objects.map(({ kind, object }) => {
    const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, generation, managedFields: _managed, ...metadata } = object.metadata
    let text = JSON.stringify(sorted({ ...object, kind, metadata }, generation))
    for (const [name, told] of names) text = text.replaceAll(name, told)
    return text.replace(unknown, '<uid>').replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
  })
  return lines.sort()
}

/** Keys in order, lists of conditions by type, and a generation that was seen as `current`. */
function sorted(value: unknown, generation: number | undefined): unknown {
  if (Array.isArray(value)) {
    const list = value.map((each) => sorted(each, generation))
    return list.every((each) => typeof (each as { type?: unknown } | null)?.type === 'string') ? list.sort((a, b) => ((a as { type: string }).type < (b as { type: string }).type ? -1 : 1)) : list
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key, each]) => each !== undefined && key !== 'resourceVersion').sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, key === 'observedGeneration' && each === generation ? 'current' : sorted(each, generation)]))
}
