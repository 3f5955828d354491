import type { Program as Component, Machine, Process } from '../kernel/machine.ts'
import type { Endpoint } from '../kernel/network.ts'
import type { Scope } from '../kernel/scope.ts'
import { kubeApiserver, type ApiServer } from '../control-plane/apiserver/server.ts'
import type { OutboundDoor } from '../control-plane/apiserver/outbound/door.ts'
import type { StoredObjects } from '../control-plane/apiserver/storage/stored-objects.ts'
import { cloudControllerManager } from '../control-plane/cloud/cloud-controller-manager.ts'
import { clusterAutoscaler } from '../control-plane/cloud/cluster-autoscaler/cluster-autoscaler.ts'
import { uninitializedTaint } from '../control-plane/cloud/node/cloud-node-controller.ts'
import { kubeControllerManager } from '../control-plane/controllers/kube-controller-manager.ts'
import { localPathProvisioner } from '../control-plane/controllers/local-path-provisioner/local-path-provisioner.ts'
import { etcdClient } from '../control-plane/etcd/network-client.ts'
import { etcdServer } from '../control-plane/etcd/server.ts'
import { kubeScheduler } from '../control-plane/scheduler/kube-scheduler.ts'
import { Host } from '../node/host/host.ts'
import { Kubelet, kubelet } from '../node/kubelet/kubelet.ts'
import { ImageCatalogue } from '../node/runtime/images/catalogue.ts'
import { catalogueRegistries } from '../node/runtime/images/registry.ts'
import { containerRuntime } from '../node/runtime/runtime.ts'
import { RuntimeClient } from '../node/runtime/runtime-client.ts'
import { runtimeState } from '../node/runtime/state.ts'
import type { ProcessContext, ProgramTable } from '../node/runtime/programs/program.ts'
import { BearerTransport, hosted, inClusterClient, tokenPath } from '../node/network/in-cluster.ts'
import { metricsServer } from '../node/runtime/programs/metrics-server/metrics-server.ts'
import { coreDns } from '../node/network/dns/coredns.ts'
import { dnsResolver } from '../node/network/dns/client.ts'
import { ingressController } from '../node/network/ingress/ingress-controller.ts'
import { policyAgent } from '../node/network/policy/policy-agent.ts'
import { NodePodNetwork } from '../node/network/pod-network.ts'
import { kubeProxy } from '../node/proxy/kube-proxy.ts'
import { HttpClient } from '../kernel/http.ts'
import { standardPrograms } from '../node/runtime/programs/standard-programs.ts'
import { exitUnit, Systemd } from '../node/systemd/systemd.ts'
import { cloudEndpoint } from './cloud-site.ts'
import type { ClusterOptions } from './cluster-options.ts'
import { componentProgram, useAs } from './component-programs.ts'
import { policyAgentCertificate } from './network-addon.ts'
import { readKubeletSettings, type KubeletRefusal, type KubeletSettings } from './kubelet-start.ts'
import { ManifestFolder } from './manifest-folder.ts'
import { plantNodeFiles } from './node-files.ts'
import { controlPlaneManifests } from './static-pods.ts'
import { storageHelperImage, storageNamespace } from './storage-addon.ts'
import type { MachineSpec } from './spec.ts'

/** Where a machine's components find each other, and who wants to know of its API server. */
export interface NodeSurroundings {
  /** The API server of the components that run beside one (kubelet, scheduler, controller manager): the local one on a control-plane
   *  node, as kubeadm writes their kubeconfigs; the control-plane endpoint elsewhere. */
  readonly server: Endpoint
  /** The address of the control plane as a whole. */
  readonly controlPlaneEndpoint: Endpoint
  readonly etcd: Endpoint
  /** What the API servers have decoded: immutable and the same for all, so it is there once. */
  readonly stored: StoredObjects
  /** The API servers' way to webhooks outside the simulation. */
  readonly outbound: OutboundDoor
  /** Another machine to log in on, or why not. */
  readonly reach: (machine: string) => Host | string
  readonly apiServerStarted: (apiServer: ApiServer, scope: Scope) => void
}

/** One machine of the cluster with the services that its systemd keeps running, and the components that its containers may be. */
export class ClusterNode {
  readonly machine: Machine
  readonly spec: MachineSpec
  readonly systemd: Systemd
  readonly manifests: ManifestFolder
  readonly network: NodePodNetwork
  readonly #options: ClusterOptions
  readonly #surroundings: NodeSurroundings
  #host: Host | undefined

  constructor(machine: Machine, spec: MachineSpec, options: ClusterOptions, surroundings: NodeSurroundings) {
    this.machine = machine
    this.spec = spec
    this.#surroundings = surroundings
    this.network = new NodePodNetwork(machine.stack)
    this.#options = options
    this.manifests = new ManifestFolder(machine.kernel, spec.role === 'control-plane' ? controlPlaneManifests(options.spec, spec) : {}, (path, err) => this.systemd.status('kubelet').journal.error('Could not process manifest file', { err, path }))
    runtimeState(machine).hostFiles.plant('etc/kubernetes/manifests', this.manifests.directory)
    const registries = catalogueRegistries({ catalogue: new ImageCatalogue(options.images) })
    const programs = this.#programs(options, surroundings)
    const network = this.network
    this.systemd = new Systemd(machine, [
      {
        name: 'containerd',
        description: 'containerd container runtime',
        path: '/usr/lib/systemd/system/containerd.service',
        documentation: 'https://containerd.io',
        command: '/usr/bin/containerd',
        enabled: true,
        restartMs: 5_000,
        program: containerRuntime({ network, registries, programs, resolver: dnsResolver, machineCpus: spec.cpuMillis / 1_000, machineMemoryBytes: spec.memoryBytes }),
      },
      {
        name: 'kubelet',
        description: 'kubelet: The Kubernetes Node Agent',
        path: '/usr/lib/systemd/system/kubelet.service',
        documentation: 'https://kubernetes.io/docs/',
        command: '/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml',
        enabled: true,
        restartMs: 10_000,
        program: (process) => this.#kubelet(process, options, surroundings.server),
      },
      {
        name: 'kube-network-policies',
        description: 'kube-network-policies: NetworkPolicies of the pod network',
        path: '/etc/systemd/system/kube-network-policies.service',
        documentation: 'https://github.com/kubernetes-sigs/kube-network-policies',
        command: '/usr/bin/kube-network-policies --kubeconfig=/etc/kubernetes/kube-network-policies.conf',
        enabled: true,
        restartMs: 5_000,
        program: policyAgent({ network, server: surroundings.server, certificate: policyAgentCertificate }),
      },
    ])
  }

  /** The machine as root sees it. */
  get host(): Host {
    const { machine, systemd, spec } = this
    return (this.#host ??= new Host({
      machine,
      systemd,
      cpus: spec.cpuMillis / 1_000,
      memoryBytes: spec.memoryBytes,
      storageBytes: spec.storageBytes,
      resolver: dnsResolver,
      podCidr: () => this.network.podCidr,
      clusterCidr: this.#options.spec.podCidr,
      interfaces: () => this.network.interfaces(),
      furnish: (files) => plantNodeFiles(files, { options: this.#options, machine: spec, server: this.#surroundings.server, podCidr: () => this.network.podCidr }),
      power: (on) => (on ? this.powerOn() : machine.powerOff()),
      beforePowerOff: () => this.#shutDownPods(),
      reach: this.#surroundings.reach,
    }))
  }

  boot(): void {
    this.systemd.boot()
  }

  powerOn(): void {
    if (this.machine.poweredOn) return
    this.machine.powerOn()
    this.systemd.boot()
  }

  /** Resolves when the kubelet has no more reason to keep the machine from going down, at the latest with the kubelet's own end. */
  async #shutDownPods(): Promise<void> {
    const process = this.machine.process('kubelet')
    if (!(process?.program instanceof Kubelet)) return
    const ended = new Promise<void>((resolve) => process.scope.onClose(resolve))
    await Promise.race([process.program.shutDownNode(), ended])
  }

  #kubelet(process: Process, options: ClusterOptions, server: Endpoint): Component {
    const { spec } = this
    const controlPlane = spec.role === 'control-plane'
    const alone = options.spec.machines.length === 1
    // Nobody has changed files that nobody has seen: they are made when somebody first logs in.
    const settings: KubeletSettings | KubeletRefusal = this.#host ? readKubeletSettings(this.#host.files, server) : { server, standardManifests: true }
    if (!('server' in settings)) return refuseToStart(process, settings)
    return kubelet({
      nodeName: spec.name,
      nodeIps: [spec.address],
      server: settings.server,
      certificate: { commonName: `system:node:${spec.name}`, organizations: ['system:nodes'] },
      runtime: new RuntimeClient(process),
      capacity: { cpuMillis: spec.cpuMillis, memoryBytes: spec.memoryBytes, pods: settings.podsMax ?? spec.podsMax, ephemeralStorageBytes: spec.storageBytes },
      // A kubelet may not give itself a role: kubeadm does.
      labels: spec.labels,
      taints: [
        ...(controlPlane && !alone ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : []),
        // --cloud-provider=external: nobody comes before the cloud has said what the node is.
        ...(options.spec.cloud ? [{ key: uninitializedTaint, value: 'true', effect: 'NoSchedule' }] : []),
      ],
      clusterDns: settings.clusterDns ?? [options.spec.dnsAddress],
      clusterDomain: settings.clusterDomain ?? options.spec.clusterDomain,
      ...settings.defence,
      ...(settings.standardManifests ? { staticPods: this.manifests } : {}),
      podCidrChanged: (podCidr) => this.network.usePodCidr(podCidr),
    })(process)
  }

  #programs(options: ClusterOptions, { server, controlPlaneEndpoint, etcd, stored, outbound, apiServerStarted }: NodeSurroundings): ProgramTable {
    const { machine, spec } = this
    const component = (name: string, program: (process: Process, context: ProcessContext) => Component): [string, ReturnType<typeof componentProgram>] => [name, componentProgram(machine, name, program)]
    return new Map([
      ...standardPrograms,
      component('etcd', etcdServer({ name: spec.name })),
      component('kube-apiserver', (process, context) => {
        const apiServer = kubeApiserver({
          etcd: etcdClient(process, [etcd]),
          tokens: options.tokens,
          ...(options.verifyRequest ? { verifyRequest: options.verifyRequest } : {}),
          advertisedAddress: spec.address,
          serviceCidr: options.spec.serviceCidr,
          flags: context.argv,
          files: context.files,
          ...(options.caCertificate === undefined ? {} : { clientAuthority: options.caCertificate }),
          stored,
          outbound,
        })(process)
        apiServerStarted(apiServer, process.scope)
        return apiServer
      }),
      component('kube-proxy', (process, context) =>
        kubeProxy({
          nodeName: spec.name,
          server: new BearerTransport(new HttpClient(process, controlPlaneEndpoint), () => context.files.readText(tokenPath).trim()),
          clusterCidr: options.spec.podCidr,
          configuration: configurationOf(context),
        })(process),
      ),
      ['coredns', (context) => {
        useAs(context, 'coredns')
        return coreDns(context)
      }],
      ['ingress-nginx', (context) => {
        useAs(context, 'ingress-nginx')
        return ingressController(context)
      }],
      ['metrics-server', metricsServer({ connect: (context) => ({ host: hosted(context, 'metrics-server'), client: inClusterClient(context, 'metrics-server/v0.8.0') }), tokenPath })],
      component('local-path-provisioner', (process, context) =>
        localPathProvisioner({
          client: inClusterClient(context, 'local-path-provisioner/v0.0.32'),
          namespace: context.env.get('POD_NAMESPACE') ?? storageNamespace,
          podName: context.env.get('HOSTNAME') ?? 'local-path-provisioner',
          helperImage: storageHelperImage,
        })(process),
      ),
      component('kube-scheduler', (process, context) => kubeScheduler({ server, flags: context.argv.slice(1), readText: (path) => context.files.readText(path) })(process)),
      component('cluster-autoscaler', (process, context) =>
        clusterAutoscaler({ cloud: cloudEndpoint, transport: () => new BearerTransport(new HttpClient(process, controlPlaneEndpoint), () => context.files.readText(tokenPath).trim()) })(process),
      ),
      component('cloud-controller-manager', cloudControllerManager({ server, cloud: cloudEndpoint, clusterCidr: options.spec.podCidr, version: options.spec.kubernetesVersion })),
      component('kube-controller-manager', kubeControllerManager({ server, rootCertificate: options.caCertificate, signToken: (claims) => options.tokens.sign(claims), ...(options.certificateAuthority ? { certificateAuthority: options.certificateAuthority } : {}), clusterCidr: options.spec.podCidr, version: options.spec.kubernetesVersion })),
    ])
  }
}

/** How long a kubelet takes to find that it cannot start. */
const refusalMs = 120

/** A kubelet that ends at once, saying why. */
function refuseToStart(process: Process, { command, executable }: KubeletRefusal): Component {
  process.clock.after(refusalMs, () => {
    if (executable !== undefined) {
      process.journal.error(`kubelet.service: Unable to locate executable '${executable}': No such file or directory`)
      process.journal.error(`kubelet.service: Failed at step EXEC spawning ${executable}: No such file or directory`)
    } else process.journal.error('command failed', { err: command })
    exitUnit(process, executable !== undefined ? 203 : 1)
  })
  return {}
}

/** What the file says that a component's --config names; nothing where there is none. */
function configurationOf({ argv, files }: ProcessContext): string {
  const path = argv.find((word) => word.startsWith('--config='))?.slice('--config='.length)
  return path !== undefined && files.find(path)?.kind === 'file' ? files.readText(path) : ''
}
