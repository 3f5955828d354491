import { eventRecorder } from '../../api/client/event-recorder.ts'
import { InformerSet } from '../../api/client/informer.ts'
import { restClient } from '../../api/client/rest-client.ts'
import type { ApiClient } from '../../api/client/contract.ts'
import type { Node, Pod, Service, Taint } from '../../api/generated/types.ts'
import { configMapKind } from '../../api/kinds/core/config-map.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { secretKind } from '../../api/kinds/core/secret.ts'
import { serviceAccountKind } from '../../api/kinds/core/service-account.ts'
import { serviceKind } from '../../api/kinds/core/service.ts'
import { runtimeClassKind } from '../../api/kinds/node/runtime-class.ts'
import { objectKey } from '../../api/machinery/object.ts'
import { HttpClient, type ClientCertificate, type HttpTransport } from '../../kernel/http.ts'
import type { Process, Program } from '../../kernel/machine.ts'
import type { Endpoint } from '../../kernel/network.ts'
import type { ContainerRuntime } from '../cri.ts'
import { csiDrivers } from '../csi.ts'
import { BackOff } from './back-off.ts'
import { ClaimedVolumes } from './claimed-volumes.ts'
import { CsiNodeObject } from './csi-node.ts'
import { KubeletEvents } from './events.ts'
import { defaultEviction, Evictor, type EvictionSettings } from './evictor.ts'
import { guardedRuntime } from './guarded-runtime.ts'
import { ImageCollector, type ImageCollectionSettings } from './image-collector.ts'
import { ImagePuller } from './image-puller.ts'
import { NodeAgent } from './node-agent.ts'
import { kubernetesVersion, type NodeCapacity, type NodeIdentity } from './node-object.ts'
import { NodeShutdown, type ShutdownGroup } from './node-shutdown.ts'
import { ObjectCache } from './object-cache.ts'
import { PodRegistry } from './pod-registry.ts'
import { resizeProblem } from './pod-resize.ts'
import { PodRuntimeCache } from './pod-runtime.ts'
import type { PodTools } from './pod-tools.ts'
import { Prober } from './prober.ts'
import { DelegatedAccess } from './server-access.ts'
import { serveKubelet } from './server.ts'
import { isMirrorPod, isStaticPod, MirrorPods, staticPod, type ManifestSource } from './static-pods.ts'
import { StatusWriter } from './status-writer.ts'
import { TokenCache } from './token-cache.ts'

export interface KubeletOptions {
  readonly nodeName: string
  /** The node's own addresses, the first being its InternalIP. */
  readonly nodeIps: readonly string[]
  /** The API server: its address, or a way to reach it. */
  readonly server: Endpoint | HttpTransport
  /** system:node:<name> in system:nodes; unused with a transport, which carries its own. */
  readonly certificate?: ClientCertificate
  /** Or what makes the kubelet's end of the runtime's socket. */
  readonly runtime: ContainerRuntime | ((process: Process) => ContainerRuntime)
  readonly capacity: NodeCapacity
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Set when the node is first registered. */
  readonly taints?: readonly Taint[]
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** Name servers of the node's own resolv.conf, for pods with dnsPolicy Default. */
  readonly hostDns?: readonly string[]
  readonly staticPods?: ManifestSource
  readonly providerId?: string
  readonly eviction?: EvictionSettings
  /** Who gets how long when the machine goes down; default: nobody is waited for. */
  readonly shutdown?: readonly ShutdownGroup[]
  readonly imageCollection?: ImageCollectionSettings
  /** Told of Node.spec.podCIDR, for the node's network plug-in. */
  readonly podCidrChanged?: (podCidr: string) => void
}

/** The kubelet of one node: registers it, runs the pods bound to it and the static pods, reports on both, and serves :10250.
 *  Not modelled: device plugins, CSI. */
export function kubelet(options: KubeletOptions): (process: Process) => Program {
  return (process) => {
    const transport = 'request' in options.server ? options.server : new HttpClient(process, options.server, options.certificate)
    const client = restClient(transport, { userAgent: `kubelet/${kubernetesVersion} (linux/amd64) kubernetes` })
    return new Kubelet(process, client, options)
  }
}

/** The parts of a kubelet, wired together. Containers outlive it. */
export class Kubelet implements Program {
  readonly #process: Process
  readonly #options: KubeletOptions
  readonly #pods
  readonly #services
  readonly #nodes
  readonly #informers: InformerSet
  readonly #tools: PodTools
  readonly #registry: PodRegistry
  readonly #agent: NodeAgent
  readonly #mirrors: MirrorPods
  readonly #client: ApiClient
  readonly #evictor: Evictor
  readonly #shutdown: NodeShutdown
  readonly #images: ImageCollector
  readonly #statics = new Map<string, Pod>()
  #podCidr: string | undefined
  #nodeSeen = false

  constructor(process: Process, client: ApiClient, options: KubeletOptions) {
    this.#process = process
    this.#options = options
    this.#client = client
    const runtime = guardedRuntime(typeof options.runtime === 'function' ? options.runtime(process) : options.runtime, process.scope)
    const events = new KubeletEvents(eventRecorder(process, client, 'kubelet', options.nodeName), options.nodeName)
    this.#informers = new InformerSet(process, client)
    this.#pods = this.#informers.of(podKind, { fieldSelector: `spec.nodeName=${options.nodeName}` })
    this.#services = this.#informers.of(serviceKind)
    this.#nodes = this.#informers.of(nodeKind, { fieldSelector: `metadata.name=${options.nodeName}` })

    const status = new StatusWriter({ process, client, podKind, isStatic: isStaticPod, apiPodOf: (uid) => this.#apiPodOf(uid), onGone: (uid) => this.#registry.remove(uid) })
    const cache = new PodRuntimeCache(runtime, (uid) => this.#registry.runtimeChanged(uid))
    const prober = new Prober({
      process,
      runtime,
      stack: process.stack,
      events,
      statusOf: (uid) => status.get(uid),
      podOf: (uid) => this.#registry.worker(uid)?.pod,
      onResult: (uid) => this.#registry.worker(uid)?.request('probe'),
      startedAt: process.clock.now(),
    })
    this.#agent = new NodeAgent({ process, client, runtime, events, identity: identityOf(process, options), pressure: (condition) => this.#evictor.under(condition), volumesInUse: () => this.#tools.claimedVolumes.inUse, shuttingDown: () => this.#shutdown.shuttingDown, cachedNode: () => this.#nodes.get(undefined, options.nodeName), onReadiness: () => this.#registry.requestAll('api') })
    const images = new ImageCollector(process, runtime, events, options.capacity, options.imageCollection)
    const evictor = new Evictor({
      process,
      runtime,
      events,
      settings: options.eviction ?? defaultEviction,
      capacity: options.capacity,
      workers: () => this.#registry.workers(),
      reclaimDisk: async () => {
        await this.#registry.collectDead()
        await images.removeUnused()
      },
      onPressure: () => this.#agent.check(),
    })
    this.#evictor = evictor
    this.#shutdown = new NodeShutdown({ process, events, groups: options.shutdown ?? [], workers: () => this.#registry.workers(), onChange: () => this.#agent.check() })
    this.#images = images
    this.#tools = {
      process,
      nodeName: options.nodeName,
      runtime,
      stack: process.stack,
      cache,
      events,
      puller: new ImagePuller(process, runtime, events),
      prober,
      status,
      crashBackOff: new BackOff(10_000, 300_000),
      configMaps: new ObjectCache(process, client, configMapKind),
      secrets: new ObjectCache(process, client, secretKind),
      tokens: new TokenCache(process, client, serviceAccountKind),
      claimedVolumes: new ClaimedVolumes(client, () => this.#agent.node, csiDrivers(process.machine), () => this.#agent.check()),
      servicesFor: (pod) => this.#servicesFor(pod),
      hostIps: () => options.nodeIps,
      capacity: options.capacity,
      clusterDns: options.clusterDns,
      clusterDomain: options.clusterDomain,
      hostDns: options.hostDns ?? [],
      alsoAdmits: (pod) => this.#shutdown.admits() ?? this.#evictor.admits(pod),
      resizeProblem: (pod) => resizeProblem(pod, this.#registry.othersThan(pod.metadata.uid!), this.#agent.node),
      runtimeHandlerOf: async ({ spec }) => (spec?.runtimeClassName ? (await client.get(runtimeClassKind, spec.runtimeClassName)).handler : ''),
      networkProblem: () => this.#agent.networkProblem,
    }
    this.#registry = new PodRegistry(this.#tools, () => this.#agent.node)
    this.#mirrors = new MirrorPods(process, client, () => this.#agent.node)
    this.#expose()
    process.journal.info('Kubelet version', { kubeletVersion: kubernetesVersion })
    events.node('Normal', 'Starting', 'Starting kubelet.')
    serveKubelet(process, { tools: this.#tools, registry: this.#registry, agent: this.#agent, access: new DelegatedAccess(process, client, options.nodeName) })
    void this.#start()
  }

  stop(): void {
    this.#tools.cache.stop()
    this.#registry.stop()
  }

  /** The machine is about to go down: resolves when its pods have ended or had their time (systemd's inhibitor lock is let go then). */
  shutDownNode(): Promise<void> {
    return this.#shutdown.start()
  }

  async #start(): Promise<void> {
    const { process } = this.#tools
    process.journal.info('Starting kubelet main sync loop')
    this.#watchApi()
    await this.#startCache()
    this.#tools.events.node('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods')
    await this.#agent.start()
    this.#evictor.start()
    new CsiNodeObject(process, this.#client, this.#options.nodeName, csiDrivers(process.machine), () => this.#agent.node).start()
    this.#images.start()
    this.#readManifests()
    if (this.#options.staticPods) process.scope.onClose(this.#options.staticPods.onChange(() => process.clock.after(0, () => this.#readManifests())))
    await this.#informers.whenSynced()
    for (const pod of [...this.#pods.list()].sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''))) this.#podChanged(pod)
    this.#pods.onChange({
      added: (pod) => this.#podChanged(pod),
      updated: (pod) => this.#podChanged(pod),
      deleted: (pod) => this.#podDeleted(pod),
    })
    this.#registry.sourcesReady()
  }

  #watchApi(): void {
    this.#nodes.onChange({ added: (node) => this.#nodeChanged(node), updated: (node) => this.#nodeChanged(node) })
    this.#informers.start()
  }

  async #startCache(): Promise<void> {
    for (;;) {
      try {
        await this.#tools.cache.start()
        return
      } catch (error) {
        this.#process.journal.error('GenericPLEG: Unable to retrieve pods', { err: error })
        await this.#process.clock.sleep(1_000)
      }
    }
  }

  #nodeChanged(node: Node): void {
    if (!this.#nodeSeen) {
      this.#nodeSeen = true
      for (const name of this.#statics.keys()) this.#reconcileMirror(name)
    }
    const podCidr = node.spec?.podCIDR
    if (podCidr === undefined || podCidr === '' || podCidr === this.#podCidr) return
    this.#podCidr = podCidr
    this.#process.journal.info('Updating Pod CIDR', { originalPodCIDR: '', newPodCIDR: podCidr })
    this.#options.podCidrChanged?.(podCidr)
    this.#agent.check()
  }

  #podChanged(pod: Pod): void {
    if (!isMirrorPod(pod)) {
      this.#registry.put(pod)
      this.#tools.status.reconcile(pod.metadata.uid!)
      return
    }
    this.#reconcileMirror(objectKey(pod.metadata.namespace, pod.metadata.name))
    const own = pod.metadata.annotations?.['kubernetes.io/config.mirror']
    if (own !== undefined) this.#tools.status.reconcile(own)
  }

  #podDeleted(pod: Pod): void {
    if (isMirrorPod(pod)) this.#reconcileMirror(objectKey(pod.metadata.namespace, pod.metadata.name))
    else this.#registry.remove(pod.metadata.uid!)
  }

  #readManifests(): void {
    const found = new Map<string, Pod>()
    for (const { path, pod } of this.#options.staticPods?.list() ?? []) {
      const made = staticPod(path, pod, this.#options.nodeName, this.#process.clock.now())
      found.set(objectKey(made.metadata.namespace, made.metadata.name), made)
    }
    for (const [name, old] of [...this.#statics]) {
      if (found.get(name)?.metadata.uid === old.metadata.uid) continue
      this.#statics.delete(name)
      this.#registry.remove(old.metadata.uid!)
      if (!found.has(name)) this.#reconcileMirror(name)
    }
    for (const [name, pod] of found) {
      if (this.#statics.has(name)) continue
      this.#statics.set(name, pod)
      this.#registry.put(pod)
      this.#reconcileMirror(name)
    }
  }

  #reconcileMirror(name: string): void {
    const [namespace, podName] = name.split('/') as [string, string]
    void this.#informers.whenSynced().then(() => {
      this.#mirrors.reconcile(
        name,
        () => this.#statics.get(name),
        () => {
          const pod = this.#pods.get(namespace, podName)
          return pod && isMirrorPod(pod) ? pod : undefined
        },
      )
    })
  }

  /** The API object that shows a pod's status. */
  #apiPodOf(uid: string): Pod | undefined {
    const own = this.#registry.worker(uid)?.pod
    if (!own) return undefined
    const api = this.#pods.get(own.metadata.namespace, own.metadata.name)
    if (!api) return undefined
    if (isStaticPod(own)) return isMirrorPod(api) && api.metadata.annotations?.['kubernetes.io/config.mirror'] === uid ? api : undefined
    return api.metadata.uid === uid ? api : undefined
  }

  #servicesFor(pod: Pod): readonly Service[] {
    const synced = this.#services.synced
    if (!synced && !isStaticPod(pod)) throw new Error('services have not yet been read at least once, cannot construct envvars')
    const kubernetes = this.#services.get('default', 'kubernetes')
    const linked = pod.spec?.enableServiceLinks === false ? [] : this.#services.list(pod.metadata.namespace)
    return kubernetes && !linked.includes(kubernetes) ? [...linked, kubernetes] : linked
  }

  #expose(): void {
    const { process } = this.#tools
    process.expose('pods', () =>
      [...this.#registry.workers()].map(({ pod, uid, state }) => {
        const status = this.#tools.status.get(uid)
        return { namespace: pod.metadata.namespace, name: pod.metadata.name, uid, state, static: isStaticPod(pod), phase: status?.phase ?? 'Pending', podIP: status?.podIP ?? '', containers: (status?.containerStatuses ?? []).map((each) => ({ name: each.name, ready: each.ready, restartCount: each.restartCount, state: each.state })) }
      }),
    )
    process.expose('workers', () => [...this.#registry.workers()].map((worker) => worker.view()))
    process.expose('probes', () => this.#tools.prober.snapshot())
    process.expose('status', () => ({ node: { ready: this.#agent.notReady === undefined, message: this.#agent.notReady ?? 'kubelet is posting ready status' }, pods: this.#tools.status.snapshot() }))
  }
}

function identityOf(process: Process, options: KubeletOptions): NodeIdentity {
  const random = process.kernel.random.stream(`machine/${options.nodeName}`)
  return {
    nodeName: options.nodeName,
    nodeIps: options.nodeIps,
    capacity: options.capacity,
    labels: options.labels ?? {},
    annotations: options.annotations ?? {},
    taints: options.taints ?? [],
    machineId: random.uuid().replaceAll('-', ''),
    systemUuid: random.uuid(),
    bootId: random.uuid(),
    ...(options.providerId ? { providerId: options.providerId } : {}),
  }
}
