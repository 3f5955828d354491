import type { ApiClient, EventRecorder } from '../../../api/client/contract.ts'
import { eventRecorder } from '../../../api/client/event-recorder.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import { leaderElection } from '../../../api/client/leader-election.ts'
import { restClient } from '../../../api/client/rest-client.ts'
import type { ConfigMap, Node, Pod } from '../../../api/generated/types.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { podDisruptionBudgetKind } from '../../../api/kinds/policy/pod-disruption-budget.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { HttpClient, serveHttp, type HttpTransport } from '../../../kernel/http.ts'
import type { Process, Program } from '../../../kernel/machine.ts'
import type { Endpoint } from '../../../kernel/network.ts'
import { instanceIdOf, type Instance, type NodeGroup } from '../cloud-api.ts'
import { cloudClient, type Cloud } from '../cloud-client.ts'
import { statusText } from './autoscaler-status.ts'
import { isMirror, isOfDaemonSet, neededBecause } from './scale-down.ts'
import { planScaleUp } from './scale-up.ts'
import { Simulation } from './simulation.ts'
import { templateNode } from './template-node.ts'

export interface ClusterAutoscalerOptions {
  /** Its way to the API server, as its service account. */
  readonly transport: (process: Process) => HttpTransport
  readonly cloud: Endpoint
  /** --scan-interval; default 10 s. */
  readonly scanMs?: number
  /** --scale-down-unneeded-time and --scale-down-delay-after-add; default 10 min. */
  readonly scaleDownMs?: number
}

const name = 'cluster-autoscaler'
const namespace = 'kube-system'
export const toBeDeletedTaint = 'ToBeDeletedByClusterAutoscaler'
/** Taints of nodes that are not up yet: they do not count against what a node will take. */
const startupTaints = new Set(['node.cloudprovider.kubernetes.io/uninitialized', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/network-unavailable', 'node.kubernetes.io/unreachable'])
/** --max-graceful-termination-sec. */
const drainMsMax = 600_000
const drainPeriodMs = 5_000

/** cluster-autoscaler: enlarges a group of instances when pods fit nowhere, and gives nodes back that were not needed for ten minutes. Whether a
 *  pod fits is asked of the scheduler's own filters. Looks at everything each ten seconds, as upstream does. Not modelled: expanders but
 *  for most-pods, balancing of similar groups, back-off of groups that fail, soft taints of candidates, priorities below the cut-off. */
export function clusterAutoscaler(options: ClusterAutoscalerOptions): (process: Process) => Program {
  return (process) => {
    const transport = options.transport(process)
    const client = restClient(transport, { userAgent: `${name}/v1.36.0` })
    const events = eventRecorder(process, client, name)
    let run: Autoscaler | undefined
    serveHttp(process.stack, 8_085, (exchange) => {
      const known = ['/health-check', '/metrics'].includes(exchange.request.path.split('?')[0]!)
      const text = !known ? '404 page not found\n' : exchange.request.path.startsWith('/health') ? 'OK' : (run?.metrics() ?? '')
      exchange.respond({ status: known ? 200 : 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode(text) })
    }, { scope: process.scope })
    const election = leaderElection(process, client, {
      name,
      identity: `${process.machine.name}_${process.random.uuid()}`,
      events,
      onStarted: () => {
        run = new Autoscaler(process, client, events, cloudClient(new HttpClient(process, options.cloud), name), options)
        process.expose('autoscaler', () => run?.view() ?? null)
      },
      onStopped: () => process.machine.process(process.name)?.crash(),
    })
    return { stop: () => election.stop() }
  }
}

/** The loop itself, begun as soon as it is made. */
export class Autoscaler {
  readonly #process: Process
  readonly #client: ApiClient
  readonly #events: EventRecorder
  readonly #cloud: Cloud
  readonly #scaleDownMs: number
  readonly #nodes
  readonly #pods
  readonly #namespaces
  readonly #budgets
  readonly #unneededSince = new Map<string, number>()
  readonly #leaving = new Set<string>()
  /** Pods of which it was said that no group helps them, and why: said again only when it changes. */
  readonly #told = new Map<string, string>()
  #lastScaleUp = -Infinity
  #status = ''
  #scaleUps = 0
  #scaleDowns = 0

  constructor(process: Process, client: ApiClient, events: EventRecorder, cloud: Cloud, options: Pick<ClusterAutoscalerOptions, 'scanMs' | 'scaleDownMs'> = {}) {
    this.#process = process
    this.#client = client
    this.#events = events
    this.#cloud = cloud
    this.#scaleDownMs = options.scaleDownMs ?? 600_000
    const informers = new InformerSet(process, client)
    this.#nodes = informers.of(nodeKind)
    this.#pods = informers.of(podKind)
    this.#namespaces = informers.of(namespaceKind)
    this.#budgets = informers.of(podDisruptionBudgetKind)
    informers.start()
    const scanMs = options.scanMs ?? 10_000
    const again = (): void => {
      this.#scan()
        .catch((error: unknown) => process.journal.error('Failed to run the main loop', { err: error }))
        .then(() => process.clock.afterUncaused(scanMs, again), () => {})
    }
    void informers.whenSynced().then(again)
  }

  view(): unknown {
    return { status: this.#status, unneeded: [...this.#unneededSince].map(([node, since]) => ({ node, since })), leaving: [...this.#leaving], scaleUps: this.#scaleUps, scaleDowns: this.#scaleDowns }
  }

  metrics(): string {
    return [
      '# HELP cluster_autoscaler_scaled_up_nodes_total [ALPHA] Number of nodes added by CA.',
      '# TYPE cluster_autoscaler_scaled_up_nodes_total counter',
      `cluster_autoscaler_scaled_up_nodes_total ${this.#scaleUps}`,
      '# HELP cluster_autoscaler_scaled_down_nodes_total [ALPHA] Number of nodes removed by CA.',
      '# TYPE cluster_autoscaler_scaled_down_nodes_total counter',
      `cluster_autoscaler_scaled_down_nodes_total ${this.#scaleDowns}`,
      '# HELP cluster_autoscaler_unneeded_nodes_count [ALPHA] Number of nodes currently considered unneeded by CA.',
      '# TYPE cluster_autoscaler_unneeded_nodes_count gauge',
      `cluster_autoscaler_unneeded_nodes_count ${this.#unneededSince.size}`,
      '',
    ].join('\n')
  }

  async #scan(): Promise<void> {
    const groups = await this.#cloud.nodeGroups()
    const instances = await this.#cloud.instances()
    await this.#takeBack(instances)
    const pending = this.#pods.list().filter((pod) => !pod.spec?.nodeName && !pod.metadata.deletionTimestamp && podIsUnschedulable(pod)).sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') || a.metadata.name.localeCompare(b.metadata.name))
    for (const uid of this.#told.keys()) if (!pending.some((pod) => pod.metadata.uid === uid)) this.#told.delete(uid)
    const grew = pending.length > 0 && (await this.#scaleUp(pending, groups, instances))
    if (!grew) await this.#scaleDown(groups, instances, pending.length > 0)
    await this.#writeStatus(await this.#cloud.nodeGroups(), instances)
    this.#process.changed('autoscaler')
  }

  /** The cluster as it is, with the nodes that are on their way and without those that are leaving. */
  #simulation(groups: readonly NodeGroup[], instances: readonly Instance[]): Simulation {
    const nodes = this.#nodes.list().filter((node) => !this.#leaving.has(node.metadata.name)).map(asItWillBe)
    const simulation = new Simulation(nodes, this.#pods.list().filter((pod) => pod.spec?.nodeName && !isPodTerminal(pod)), (each) => this.#namespaces.get(undefined, each)?.metadata.labels)
    for (const instance of instances) {
      const group = groups.find((each) => each.name === instance.group)
      if (group && !this.#nodes.get(undefined, instance.name)) simulation.addNode(templateNode(group, instance.name, instance.zone, instance.region))
    }
    return simulation
  }

  async #scaleUp(pending: readonly Pod[], groups: readonly NodeGroup[], instances: readonly Instance[]): Promise<boolean> {
    const now = this.#simulation(groups, instances)
    const stuck = pending.filter((pod) => !('node' in now.place(pod)))
    if (stuck.length === 0) return false
    const zones = [...new Set(instances.map(({ zone }) => zone))].sort()
    const plan = planScaleUp(stuck, groups, zones, instances[0]?.region ?? '', () => {
      const simulation = this.#simulation(groups, instances)
      for (const pod of pending) if (!stuck.includes(pod)) simulation.place(pod)
      return simulation
    })
    for (const [pod, why] of plan.unhelped) {
      if (this.#told.get(pod.metadata.uid!) === why) continue
      this.#told.set(pod.metadata.uid!, why)
      this.#events.event(pod, 'Normal', 'NotTriggerScaleUp', `pod didn't trigger scale-up: ${why}`)
    }
    const { group, by, helped } = plan
    if (!group) return false
    const size = group.target + by
    this.#process.journal.info(`Final scale-up plan: [{${group.name} ${group.target}->${size} (max: ${group.max})}]`)
    await this.#cloud.resizeNodeGroup(group.name, size).catch((error: Error) => {
      this.#events.event(statusObject, 'Warning', 'FailedToScaleUpGroup', `Scale-up failed for group ${group.name}: ${error.message}`)
      throw error
    })
    this.#lastScaleUp = this.#process.clock.now()
    this.#scaleUps += by
    this.#events.event(statusObject, 'Normal', 'ScaledUpGroup', `Scale-up: group ${group.name} size set to ${size} instead of ${group.target} (max: ${group.max})`)
    for (const pod of helped) this.#events.event(pod, 'Normal', 'TriggeredScaleUp', `pod triggered scale-up: [{${group.name} ${group.target}->${size} (max: ${group.max})}]`)
    return true
  }

  async #scaleDown(groups: readonly NodeGroup[], instances: readonly Instance[], podsWait: boolean): Promise<void> {
    const { clock } = this.#process
    const candidates = this.#nodes.list().flatMap((node) => {
      const id = instanceIdOf(node.spec?.providerID ?? '')
      const instance = instances.find((each) => each.id === id)
      const group = instance && groups.find((each) => each.name === instance.group)
      return group && !this.#leaving.has(node.metadata.name) ? [{ node, group }] : []
    })
    const unneeded = new Set<string>()
    const room = new Map(groups.map((group) => [group.name, group.target - group.min]))
    const simulation = this.#simulation(groups, instances)
    const guests = new Map<string, readonly Pod[]>()
    for (const { node, group } of candidates) {
      const nodeName = node.metadata.name
      const pods = this.#podsOn(nodeName)
      if (room.get(group.name)! <= 0 || neededBecause(node, pods, this.#budgets.list())) continue
      // Its pods have to fit elsewhere, beside those of the nodes that go with it, and so do pods that were to move here.
      const moving = [...pods.filter((pod) => !isMirror(pod) && !isOfDaemonSet(pod) && !pod.metadata.deletionTimestamp), ...(guests.get(nodeName) ?? [])]
      const others = new Set(this.#nodes.list().filter((other) => other !== node && !unneeded.has(other.metadata.name) && !this.#leaving.has(other.metadata.name) && isReady(other)).map((other) => other.metadata.name))
      const places = simulation.move(moving, nodeName, others)
      if (!places) continue
      guests.delete(nodeName)
      for (const [pod, place] of places) guests.set(place, [...(guests.get(place) ?? []), pod])
      unneeded.add(nodeName)
      room.set(group.name, room.get(group.name)! - 1)
    }
    for (const node of [...this.#unneededSince.keys()]) if (!unneeded.has(node)) this.#unneededSince.delete(node)
    for (const node of unneeded) if (!this.#unneededSince.has(node)) this.#unneededSince.set(node, clock.now())
    if (podsWait || clock.now() - this.#lastScaleUp < this.#scaleDownMs) return
    for (const { node } of candidates) {
      const since = this.#unneededSince.get(node.metadata.name)
      if (since === undefined || clock.now() - since < this.#scaleDownMs) continue
      this.#unneededSince.delete(node.metadata.name)
      this.#leaving.add(node.metadata.name)
      void this.#remove(node).finally(() => this.#leaving.delete(node.metadata.name))
    }
  }

  /** Takes the taint off nodes that stay after all: this process, or one before it, was interrupted while it removed them. */
  async #takeBack(instances: readonly Instance[]): Promise<void> {
    const left = this.#nodes.list().filter((node) => node.spec?.taints?.some(({ key }) => key === toBeDeletedTaint) && !this.#leaving.has(node.metadata.name) && instances.some(({ name: each }) => each === node.metadata.name))
    for (const { metadata } of left) {
      this.#process.journal.info('Releasing taint', { taint: toBeDeletedTaint, node: metadata.name })
      await this.#taint(metadata.name, false)
    }
  }

  /** Taints, drains, and gives the machine back. Gives up, and takes the taint off again, when pods do not go in time. */
  async #remove(node: Node): Promise<void> {
    const { clock, journal } = this.#process
    const nodeName = node.metadata.name
    try {
      await this.#taint(nodeName, true)
      this.#events.event(node, 'Normal', 'ScaleDown', 'marked the node as toBeDeleted/unschedulable')
      const moving = (): Pod[] => this.#podsOn(nodeName).filter((pod) => !isMirror(pod) && !isOfDaemonSet(pod))
      const drained = moving()
      for (const pod of drained) this.#events.event(pod, 'Normal', 'ScaleDown', 'deleting pod for node scale down')
      const deadline = clock.now() + drainMsMax
      while (moving().length > 0) {
        if (clock.now() > deadline) throw new Error(`Failed to drain node ${nodeName}: pods remaining after timeout`)
        for (const pod of moving()) if (!pod.metadata.deletionTimestamp) await this.#evict(pod)
        await clock.sleep(drainPeriodMs)
      }
      await this.#cloud.terminate(instanceIdOf(node.spec?.providerID ?? '') ?? nodeName)
      this.#scaleDowns++
      this.#events.event(statusObject, 'Normal', drained.length === 0 ? 'ScaleDownEmpty' : 'ScaleDown', drained.length === 0 ? `Scale-down: empty node ${nodeName} removed` : `Scale-down: node ${nodeName} removed with drain`)
      this.#events.event(node, 'Normal', 'ScaleDown', 'node removed by cluster autoscaler')
    } catch (error) {
      journal.error('Scale-down failed', { node: nodeName, err: error })
      this.#events.event(node, 'Warning', 'ScaleDownFailed', `failed to delete the node: ${(error as Error).message}`)
      await this.#taint(nodeName, false).catch(() => {})
    }
  }

  async #evict(pod: Pod): Promise<void> {
    const { name: podName, namespace: podNamespace } = pod.metadata
    // A budget may say no for now: asked again in the next round.
    await this.#client.createSubresource(podKind, podName, podNamespace, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: podName, namespace: podNamespace } }).catch((error: unknown) => {
      if (!isNotFound(error)) this.#process.journal.warning('Pod could not be evicted yet', { pod: `${podNamespace}/${podName}`, err: error })
    })
  }

  async #taint(nodeName: string, on: boolean): Promise<void> {
    const node = await this.#client.get<Node>(nodeKind, nodeName)
    const others = (node.spec?.taints ?? []).filter(({ key }) => key !== toBeDeletedTaint)
    const taints = on ? [...others, { key: toBeDeletedTaint, value: String(Math.floor(this.#process.clock.now() / 1_000)), effect: 'NoSchedule' }] : others
    await this.#client.patch(nodeKind, nodeName, undefined, 'merge', { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } })
  }

  #podsOn(node: string): Pod[] {
    return this.#pods.list().filter((pod) => pod.spec?.nodeName === node && !isPodTerminal(pod))
  }

  async #writeStatus(groups: readonly NodeGroup[], instances: readonly Instance[]): Promise<void> {
    const nodes = this.#nodes.list()
    const states = groups.map((group) => {
      const members = nodes.filter((node) => instances.some((each) => each.group === group.name && each.name === node.metadata.name))
      return { group, registered: members.length, ready: members.filter(isReady).length, candidates: members.filter((node) => this.#unneededSince.has(node.metadata.name)).length }
    })
    const status = statusText(states, { registered: nodes.length, ready: nodes.filter(isReady).length })
    if (status === this.#status) return
    const time = `${new Date(this.#process.clock.now()).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`
    const wanted: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: statusName, namespace, annotations: { 'cluster-autoscaler.kubernetes.io/last-updated': time } }, data: { status: `time: ${time}\n${status}` } }
    try {
      const old = await this.#client.get<ConfigMap>(configMapKind, statusName, namespace)
      await this.#client.update(configMapKind, { ...wanted, metadata: { ...old.metadata, annotations: wanted.metadata.annotations! } })
    } catch (error) {
      if (!isNotFound(error)) throw error
      await this.#client.create(configMapKind, wanted)
    }
    this.#status = status
  }
}

const statusName = 'cluster-autoscaler-status'
const statusObject: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: statusName, namespace } }

function podIsUnschedulable(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable') ?? false
}

function isReady(node: Node): boolean {
  return conditionOf(node.status?.conditions, 'Ready')?.status === 'True'
}

/** A node that has just come: as if it were up. */
function asItWillBe(node: Node): Node {
  const taints = node.spec?.taints
  if (isReady(node) || !taints?.some(({ key }) => startupTaints.has(key)) || conditionOf(node.status?.conditions, 'Ready')?.status === 'Unknown') return node
  return { ...node, spec: { ...node.spec, taints: taints.filter(({ key }) => !startupTaints.has(key)) } }
}
