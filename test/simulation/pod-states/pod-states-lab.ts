import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { CoreEvent, Node, Pod } from '../../../main/api/generated/types.ts'
import { configMapKind } from '../../../main/api/kinds/core/config-map.ts'
import { eventKind } from '../../../main/api/kinds/core/event.ts'
import { nodeKind } from '../../../main/api/kinds/core/node.ts'
import { podSummary } from '../../../main/api/kinds/core/pod-columns.ts'
import { podKind } from '../../../main/api/kinds/core/pod.ts'
import type { Kind } from '../../../main/api/kinds/kind.ts'
import { kindFor } from '../../../main/api/kinds/registry.ts'
import type { KubeObject } from '../../../main/api/machinery/object.ts'
import { bootedLab, type SimulatedLab } from '../simulated-lab.ts'

const folder = join(import.meta.dirname, 'manifests')

export function manifestNames(): string[] {
  return readdirSync(folder).map((file) => file.replace(/\.yaml$/, '')).sort()
}

/** The objects of a manifest, in its order. */
export function manifest(name: string): KubeObject[] {
  return parseAllDocuments(readFileSync(join(folder, `${name}.yaml`), 'utf8')).map((document) => document.toJS() as KubeObject)
}

/** A cluster in which manifests are applied, and everything that was ever to be seen of its pods and nodes: `pod/x phase Pending`. */
export interface PodStatesLab {
  readonly lab: SimulatedLab
  readonly seen: ReadonlySet<string>
  apply(name: string): Promise<void>
  /** Runs until that was seen. */
  untilSeen(what: string, limitMs?: number): Promise<void>
}

export async function startPodStatesLab(): Promise<PodStatesLab> {
  const lab = await bootedLab({ workers: 3 })
  const seen = new Set<string>()
  const follow = <T extends KubeObject>(kind: Kind<T>, look: (object: T) => Iterable<string>): void => {
    const handle = lab.client.watch(kind, {}, (events) => {
      for (const { object } of events) for (const sight of look(object as T)) seen.add(sight)
    }, () => follow(kind, look))
    void handle
  }
  follow(podKind, sightsOfPod)
  follow<CoreEvent>(eventKind, ({ involvedObject: { kind, name }, reason }) => [`${kind === 'Node' ? 'node' : 'pod'}/${name} ${kind === 'Node' ? 'node event' : 'event'} ${reason}`])
  follow<Node>(nodeKind, ({ metadata, status }) => (status?.conditions ?? []).map((each) => `node/${metadata.name} node condition ${each.type}=${each.status}`))
  await lab.cluster.kernel.runFor(100)
  return {
    lab,
    seen,
    async apply(name) {
      for (const object of manifest(name)) {
        const [group = '', version] = (object.apiVersion ?? '').includes('/') ? object.apiVersion!.split('/') : ['', object.apiVersion]
        void version
        const kind = kindFor(group, object.kind ?? '') ?? configMapKind
        const metadata = kind.namespaced ? { namespace: 'default', ...object.metadata } : object.metadata
        await lab.settle(lab.client.create(kind as Kind, { ...object, metadata }))
      }
    },
    untilSeen: (what, limitMs = 400_000) => lab.until(() => seen.has(what), limitMs, what),
  }
}

function* sightsOfPod(pod: Pod): Iterable<string> {
  const { status = {} } = pod
  const at = `pod/${pod.metadata.name}`
  yield `${at} STATUS ${podSummary(pod).status}`
  if (status.phase) yield `${at} phase ${status.phase}`
  if (status.reason) yield `${at} reason ${status.reason}`
  for (const { type, status: is, reason } of status.conditions ?? []) {
    yield `${at} condition ${type}=${is}`
    if (reason) yield `${at} condition ${type}=${is}(${reason})`
  }
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])]) {
    for (const state of [container.state, container.lastState]) {
      if (state?.waiting?.reason) yield `${at} waiting ${state.waiting.reason}`
      if (state?.terminated?.reason) yield `${at} terminated ${state.terminated.reason}`
    }
  }
}
