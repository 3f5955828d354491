import { eventRecorder } from '../../api/client/event-recorder.ts'
import { InformerSet } from '../../api/client/informer.ts'
import { leaderElection, type LeaderElection } from '../../api/client/leader-election.ts'
import { restClient } from '../../api/client/rest-client.ts'
import type { ApiClient, Informers } from '../../api/client/contract.ts'
import { replicaSetKind } from '../../api/kinds/apps/replica-set.ts'
import { statefulSetKind } from '../../api/kinds/apps/stateful-set.ts'
import { namespaceKind } from '../../api/kinds/core/namespace.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { replicationControllerKind } from '../../api/kinds/core/replication-controller.ts'
import { serviceKind } from '../../api/kinds/core/service.ts'
import { podDisruptionBudgetKind } from '../../api/kinds/policy/pod-disruption-budget.ts'
import { HttpClient, serveHttp, type ClientCertificate, type HttpResponse, type HttpTransport } from '../../kernel/http.ts'
import type { Process, Program } from '../../kernel/machine.ts'
import type { Endpoint } from '../../kernel/network.ts'
import { deviceInformers } from './devices/device-sources.ts'
import { schedulerSettings } from './configuration/flags.ts'
import { profilePlugins } from './configuration/profile-plugins.ts'
import { defaultPlugins } from './plugins/default-plugins.ts'
import { handleEvents } from './event-handlers.ts'
import { Scheduler, type SchedulerProfile } from './scheduler.ts'
import { defaultSpreadingSelector } from './spreading.ts'
import { queuesView, schedulerMetrics } from './view.ts'
import { volumeInformers } from './volumes/volume-sources.ts'

export interface KubeSchedulerOptions {
  /** Where the API server is; asked at every dial when a function. */
  readonly server?: Endpoint | (() => Endpoint)
  /** Default: `system:kube-scheduler`. */
  readonly certificate?: ClientCertificate
  /** In place of `server` and `certificate`. */
  readonly transport?: (process: Process) => HttpTransport
  /** In place of all of these, for tests. */
  readonly client?: (process: Process) => ApiClient
  /** Default: one, `default-scheduler`, with the default plugins. */
  readonly profiles?: readonly SchedulerProfile[]
  /** 0 (default): adaptive. */
  readonly percentageOfNodesToScore?: number
  /** --leader-elect; default true. */
  readonly leaderElect?: boolean
  /** --secure-port; default 10259, 0 = none. */
  readonly port?: number
  readonly version?: string
  /** Write each decision into annotations of its pod, under kube-scheduler-simulator's keys; default false. */
  readonly annotates?: boolean
  /** Command line, argv[0] not included; what it says goes before what other options say. */
  readonly flags?: readonly string[]
  /** Where `--config` is read from. Throws as a file system does. */
  readonly readText?: (path: string) => string
}

interface StartOptions extends KubeSchedulerOptions {
  readonly initialBackoffMs?: number
  readonly maxBackoffMs?: number
}

/** kube-scheduler: elects one among its peers, and finds a node for every pod of its profiles that has none. Follows upstream's
 *  scheduling framework; not modelled: extenders. A process
 *  that loses the lease ends, as upstream's does. */
export function kubeScheduler(given: KubeSchedulerOptions): (process: Process) => Program {
  return (process) => {
    try {
      return start(process, given.flags ? { ...given, ...optionsOf(given.flags, given.readText) } : given)
    } catch (error) {
      process.journal.error('command failed', { err: (error as Error).message })
      process.clock.after(refusalMs, () => process.scope.close())
      return {}
    }
  }
}

/** How long a scheduler takes to find that it cannot start. */
const refusalMs = 120

/** What flags and the configuration that they name say. */
function optionsOf(flags: readonly string[], readText: (path: string) => string = (path) => { throw new Error(`open ${path}: no such file or directory`) }): Partial<StartOptions> {
  const { configuration, leaderElect, port, annotates } = schedulerSettings(flags, readText)
  const { profiles, percentageOfNodesToScore, podInitialBackoffMs, podMaxBackoffMs } = configuration
  return {
    leaderElect,
    port,
    annotates,
    percentageOfNodesToScore,
    initialBackoffMs: podInitialBackoffMs,
    maxBackoffMs: podMaxBackoffMs,
    profiles: profiles.map((profile) => ({
      schedulerName: profile.schedulerName,
      plugins: (surroundings) => profilePlugins(profile.schedulerName, defaultPlugins({ ...surroundings, arguments: profile.arguments }), profile.plugins),
      ...(profile.percentageOfNodesToScore !== undefined && { percentageOfNodesToScore: profile.percentageOfNodesToScore }),
    })),
  }
}

function start(process: Process, options: StartOptions): Program {
    const connect = clientFactory(process, options)
    const client = connect('scheduler')
    const informers = new InformerSet(process, client)
    const scheduler = makeScheduler(process, client, informers, options)
    let election: LeaderElection | undefined
    process.expose('queues', () => queuesView(scheduler))
    process.expose('decisions', () => scheduler.decisions.list())
    process.expose('informers', () => informers.snapshot())
    const port = options.port ?? 10259
    if (port !== 0) {
      serveHttp(process.stack, port, (exchange) => exchange.respond(answer(exchange.request.path, () => schedulerMetrics(scheduler, election?.isLeader ?? true))), { scope: process.scope })
    }
    informers.start()
    const run = (): void => {
      void informers.whenSynced().then(() => {
        if (process.scope.closed) return
        process.journal.info('Starting Kubernetes Scheduler', { version: options.version ?? 'v1.36.1' })
        scheduler.run()
      })
    }
    if (options.leaderElect === false) run()
    else {
      const electing = connect('leader-election')
      election = leaderElection(process, electing, {
        name: 'kube-scheduler',
        identity: `${process.machine.name}_${process.random.uuid()}`,
        events: eventRecorder(process, electing, 'default-scheduler'),
        onStarted: run,
        onStopped: () => {
          process.journal.error('Leaderelection lost')
          process.scope.close()
        },
        onNewLeader: () => process.changed('leader-election'),
      })
      process.expose('leader-election', () => ({ isLeader: election?.isLeader ?? false, leader: election?.leader ?? '', lease: election?.lease?.spec ?? null }))
    }
    return { stop: () => election?.stop() }
}

function makeScheduler(process: Process, client: ApiClient, informers: Informers, options: StartOptions): Scheduler {
  const pods = informers.of(podKind, { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' })
  const nodes = informers.of(nodeKind)
  const namespaces = informers.of(namespaceKind)
  const workloads = {
    services: informers.of(serviceKind),
    replicationControllers: informers.of(replicationControllerKind),
    replicaSets: informers.of(replicaSetKind),
    statefulSets: informers.of(statefulSetKind),
  }
  const volumes = volumeInformers(informers, pods, nodes)
  const devices = deviceInformers(informers)
  const budgets = informers.of(podDisruptionBudgetKind)
  const scheduler = new Scheduler({
    process,
    client,
    events: eventRecorder(process, client, 'default-scheduler'),
    pods,
    sources: {
      namespaceLabels: (namespace) => namespaces.get(undefined, namespace)?.metadata.labels,
      spreadingSelector: (pod) => defaultSpreadingSelector(pod, workloads),
    },
    volumes,
    devices,
    budgetsOf: (namespace) => budgets.list(namespace),
    ...(options.annotates !== undefined && { annotates: options.annotates }),
    profiles: options.profiles ?? [{ schedulerName: 'default-scheduler' }],
    percentageOfNodesToScore: options.percentageOfNodesToScore ?? 0,
    ...(options.initialBackoffMs !== undefined && { initialBackoffMs: options.initialBackoffMs }),
    ...(options.maxBackoffMs !== undefined && { maxBackoffMs: options.maxBackoffMs }),
  })
  handleEvents({ pods, nodes, storage: volumes, devices, cache: scheduler.cache, queue: scheduler.queue, frameworks: scheduler.frameworks })
  return scheduler
}

function clientFactory(process: Process, options: KubeSchedulerOptions): (part: string) => ApiClient {
  if (options.client) {
    const client = options.client(process)
    return () => client
  }
  const transport = transportOf(process, options)
  return (part) => restClient(transport, { userAgent: `kube-scheduler/${options.version ?? 'v1.36.1'} (linux/amd64) kubernetes/${part}` })
}

function transportOf(process: Process, options: KubeSchedulerOptions): HttpTransport {
  if (options.transport) return options.transport(process)
  if (!options.server) throw new Error('kube-scheduler needs a server, a transport or a client')
  return new HttpClient(process, options.server, options.certificate ?? { commonName: 'system:kube-scheduler', organizations: [] })
}

function answer(path: string, metrics: () => string): HttpResponse {
  const respond = (status: number, text: string, type = 'text/plain; charset=utf-8'): HttpResponse => ({ status, headers: { 'content-type': type }, body: new TextEncoder().encode(text) })
  switch (path.split('?')[0]) {
    case '/healthz':
    case '/livez':
    case '/readyz':
      return respond(200, 'ok')
    case '/metrics':
      return respond(200, metrics(), 'text/plain; version=0.0.4; charset=utf-8')
    default:
      return respond(404, '404 page not found\n')
  }
}
