import { runController, type ControllerDefinition, type RunningController } from '../../api/client/controller.ts'
import { eventRecorder } from '../../api/client/event-recorder.ts'
import { InformerSet } from '../../api/client/informer.ts'
import { leaderElection, type LeaderElection } from '../../api/client/leader-election.ts'
import { restClient } from '../../api/client/rest-client.ts'
import { HttpClient, serveHttp, type ClientCertificate, type HttpTransport } from '../../kernel/http.ts'
import type { Process, Program } from '../../kernel/machine.ts'
import type { Endpoint } from '../../kernel/network.ts'
import type { CertificateAuthority } from './certificate-signing-request/certificate.ts'
import { controllersOf } from './controllers.ts'
import { ServiceAccountTransport, serviceAccountOf } from './framework/service-account-credentials.ts'
import type { SecretTokenClaims } from './service-account/tokens-controller.ts'
import { healthHandler } from './health.ts'
import { ClientMetrics, CountedTransport } from './metrics/client-metrics.ts'
import type { ManagerFacts } from './metrics/metrics-page.ts'

export interface KubeControllerManagerOptions {
  /** Where the API server is; asked at every dial when a function. */
  readonly server?: Endpoint | (() => Endpoint)
  /** Default: `system:kube-controller-manager`. */
  readonly certificate?: ClientCertificate
  /** In place of `server` and `certificate`; then controllers have no credentials of their own. */
  readonly transport?: (process: Process) => HttpTransport
  /** --leader-elect; default true. */
  readonly leaderElect?: boolean
  /** --root-ca-file: PEM for every namespace's kube-root-ca.crt. */
  readonly rootCertificate?: string
  /** --service-account-private-key-file: signs the tokens of Secrets; without it they stay empty. */
  readonly signToken?: (claims: SecretTokenClaims) => string
  /** --cluster-signing-cert-file and -key-file: signs certificate requests; without it nobody does. */
  readonly certificateAuthority?: CertificateAuthority
  /** --cluster-cidr; default 10.244.0.0/16. */
  readonly clusterCidr?: string
  /** --node-cidr-mask-size; default 24. */
  readonly nodeCidrMaskSize?: number
  /** --allocate-node-cidrs; default true. */
  readonly allocateNodeCidrs?: boolean
  /** --node-monitor-grace-period; default 50 000. */
  readonly nodeMonitorGracePeriodMs?: number
  /** --terminated-pod-gc-threshold; default 12 500. */
  readonly terminatedPodsMax?: number
  /** --controllers: `*`, `name`, `-name`; default all. */
  readonly controllers?: readonly string[]
  /** --secure-port; default 10257, 0 = none. */
  readonly port?: number
  readonly version?: string
}

/** kube-controller-manager: elects one among its peers and runs all controllers in it, on shared informers. Each controller
 *  acts as a service account of its own (with a `transport` given, as whoever that is). A process that loses the lease ends, as upstream's does; whoever runs it starts it again. */
export function kubeControllerManager(options: KubeControllerManagerOptions): (process: Process) => Program {
  return (process) => {
    const requests = new ClientMetrics()
    const counted = (uncounted: HttpTransport): HttpTransport => new CountedTransport(uncounted, requests, process.clock)
    const transport = counted(transportOf(process, options))
    const userAgent = (part: string): string => `kube-controller-manager/${options.version ?? 'v1.36.1'} (linux/amd64) kubernetes/${part}`
    const manager = restClient(transport, { userAgent: userAgent('tokens') })
    const anonymous = options.server ? counted(new HttpClient(process, options.server)) : undefined
    const credentials = (controller: string): HttpTransport => (anonymous ? new ServiceAccountTransport(process, anonymous, manager, serviceAccountOf(controller)) : transport)
    const running: RunningController[] = []
    let election: LeaderElection | undefined
    const facts = (): ManagerFacts => ({ controllers: running.map((each) => each.view()), election, client: requests, host: hostOf(options), startedAt: process.startedAt, version: options.version ?? 'v1.36.1' })
    const port = options.port ?? 10257
    if (port !== 0) serveHttp(process.stack, port, healthHandler(facts), { scope: process.scope })

    const runAll = (): void => {
      const informers = new InformerSet(process, restClient(transport, { userAgent: userAgent('shared-informers') }))
      process.expose('informers', () => informers.snapshot())
      process.expose('controllers', () => running.map(({ queue }) => queue.metrics()))
      for (const definition of enabled(controllersOf(options), options.controllers ?? ['*'])) {
        const client = restClient(definition.actsAsManager ? transport : credentials(definition.name), { userAgent: userAgent(definition.name) })
        const view = informers.view()
        const controller = runController(definition, { process, client, informers: view, events: eventRecorder(process, client, definition.eventSource ?? definition.name) })
        running.push(controller)
        process.journal.info('Started controller', { controller: definition.name })
        void view.whenSynced().then(() => {
          if (!process.scope.closed) controller.start()
        })
      }
      process.changed('controllers')
      informers.start()
    }

    if (options.leaderElect === false) runAll()
    else {
      const client = restClient(transport, { userAgent: userAgent('leader-election'), timeoutMs: 5_000 })
      election = leaderElection(process, client, {
        name: 'kube-controller-manager',
        identity: `${process.machine.name}_${process.random.uuid()}`,
        events: eventRecorder(process, restClient(transport, { userAgent: userAgent('leader-election') }), 'kube-controller-manager'),
        onStarted: runAll,
        onStopped: () => {
          process.journal.error('leaderelection lost')
          process.machine.process(process.name)?.crash()
        },
        onNewLeader: () => process.changed('leader-election'),
      })
      process.expose('leader-election', () => ({ isLeader: election?.isLeader ?? false, leader: election?.leader ?? '', lease: election?.lease?.spec ?? null }))
    }
    return { stop: () => election?.stop() }
  }
}

/** As the label of requests has it. */
function hostOf({ server }: KubeControllerManagerOptions): string {
  const endpoint = typeof server === 'function' ? server() : server
  return endpoint ? `${endpoint.address}:${endpoint.port}` : ''
}

function transportOf(process: Process, options: KubeControllerManagerOptions): HttpTransport {
  if (options.transport) return options.transport(process)
  if (!options.server) throw new Error('kube-controller-manager needs a server or a transport')
  return new HttpClient(process, options.server, options.certificate ?? { commonName: 'system:kube-controller-manager', organizations: [] })
}

/** As --controllers: `-name` is off, `name` is on, `*` is everything that is on by default. */
function enabled(definitions: readonly ControllerDefinition[], flags: readonly string[]): ControllerDefinition[] {
  return definitions.filter(({ name }) => (flags.includes(name) || flags.includes('*')) && !flags.includes(`-${name}`))
}
