import { runController, type ControllerDefinition, type RunningController } from '../../api/client/controller.ts'
import { eventRecorder } from '../../api/client/event-recorder.ts'
import { InformerSet } from '../../api/client/informer.ts'
import { leaderElection, type LeaderElection } from '../../api/client/leader-election.ts'
import { restClient } from '../../api/client/rest-client.ts'
import { HttpClient, serveHttp, type ClientCertificate } from '../../kernel/http.ts'
import type { Process, Program } from '../../kernel/machine.ts'
import type { Endpoint } from '../../kernel/network.ts'
import { cloudClient, type Cloud } from './cloud-client.ts'
import { cloudMetricsHandler } from './metrics.ts'
import { cloudNodeController } from './node/cloud-node-controller.ts'
import { cloudNodeLifecycleController } from './node/cloud-node-lifecycle-controller.ts'
import { routeController } from './route/route-controller.ts'
import { serviceController } from './service/service-controller.ts'

export const cloudControllerManagerName = 'cloud-controller-manager'

export interface CloudControllerManagerOptions {
  readonly server: Endpoint | (() => Endpoint)
  /** Where the cloud's API is. */
  readonly cloud: Endpoint
  /** --cluster-cidr. */
  readonly clusterCidr: string
  /** Default: `system:cloud-controller-manager`. */
  readonly certificate?: ClientCertificate
  /** --secure-port; default 10258. */
  readonly port?: number
  readonly version?: string
}

/** Its loops, in the order in which they start. */
export function cloudControllers(cloud: Cloud, clusterCidr: string): ControllerDefinition[] {
  return [cloudNodeController(cloud), cloudNodeLifecycleController(cloud), serviceController(cloud), routeController(cloud, clusterCidr)]
}

/** cloud-controller-manager: elects one among its peers and runs the four loops that know the cloud. All act as the manager itself. A
 *  process that loses the lease ends; the kubelet starts it again. */
export function cloudControllerManager(options: CloudControllerManagerOptions): (process: Process) => Program {
  return (process) => {
    const transport = new HttpClient(process, options.server, options.certificate ?? { commonName: `system:${cloudControllerManagerName}`, organizations: [] })
    const agent = (part: string): string => `${cloudControllerManagerName}/${options.version ?? 'v1.36.1'} (linux/amd64) kubernetes/${part}`
    const running: RunningController[] = []
    const elected: { election?: LeaderElection } = {}
    serveHttp(process.stack, options.port ?? 10_258, cloudMetricsHandler(cloudControllerManagerName, () => running.map((each) => each.view()), () => elected.election), { scope: process.scope })
    const runAll = (): void => {
      const client = restClient(transport, { userAgent: agent('cloud-controllers') })
      const cloud = cloudClient(new HttpClient(process, options.cloud), cloudControllerManagerName)
      const informers = new InformerSet(process, restClient(transport, { userAgent: agent('shared-informers') }))
      process.expose('informers', () => informers.snapshot())
      process.expose('controllers', () => running.map(({ queue }) => queue.metrics()))
      for (const definition of cloudControllers(cloud, options.clusterCidr)) {
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
    const electing = restClient(transport, { userAgent: agent('leader-election'), timeoutMs: 5_000 })
    const election = leaderElection(process, electing, {
      name: cloudControllerManagerName,
      identity: `${process.machine.name}_${process.random.uuid()}`,
      events: eventRecorder(process, electing, cloudControllerManagerName),
      onStarted: runAll,
      onStopped: () => {
        process.journal.error('leaderelection lost')
        process.machine.process(process.name)?.crash()
      },
      onNewLeader: () => process.changed('leader-election'),
    })
    elected.election = election
    process.expose('leader-election', () => ({ isLeader: election.isLeader ?? false, leader: election.leader ?? '', lease: election.lease?.spec ?? null }))
    return { stop: () => election.stop() }
  }
}
