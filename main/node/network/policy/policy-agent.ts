import type { ApiClient } from '../../../api/client/contract.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import { restClient } from '../../../api/client/rest-client.ts'
import type { Namespace, NetworkPolicy, Pod } from '../../../api/generated/types.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { networkPolicyKind } from '../../../api/kinds/networking/network-policy.ts'
import { HttpClient, type ClientCertificate } from '../../../kernel/http.ts'
import type { Process, Program } from '../../../kernel/machine.ts'
import type { Endpoint } from '../../../kernel/network.ts'
import type { DaemonHost } from '../daemon-host.ts'
import type { NodePodNetwork } from '../pod-network.ts'
import { policiesOf, type PolicyFacts } from './node-policies.ts'
import { compilePolicy, type CompiledPolicy } from './policy-rules.ts'

export interface PolicyAgentOptions {
  readonly network: NodePodNetwork
  readonly server: Endpoint
  readonly certificate: ClientCertificate
}

/** The network plug-in's agent on a node: enforces NetworkPolicies. It starts to watch when the node has its pod CIDR. */
export function policyAgent(options: PolicyAgentOptions): (process: Process) => Program {
  return (process) => {
    process.scope.onClose(
      options.network.onReady(() => {
        const agent = new PolicyAgent(process, restClient(new HttpClient(process, options.server, options.certificate), { userAgent: 'kube-network-policies/v1.0.0' }), options.network)
        process.expose('policies', () => agent.view())
        agent.onChange = () => process.changed('policies')
      }),
    )
    return {}
  }
}

interface NamespacePolicies {
  readonly generation: number
  readonly byName: ReadonlyMap<string, CompiledPolicy>
  readonly policies: readonly CompiledPolicy[]
}

const none: NamespacePolicies = { generation: 0, byName: new Map(), policies: [] }

/** Keeps what a node's packet filter has to know. Pods and namespaces are watched from the first policy on: without one nobody asks
 *  whose an address is. */
export class PolicyAgent implements PolicyFacts {
  onChange: (() => void) | undefined
  readonly #host: DaemonHost
  readonly #network: NodePodNetwork
  readonly #informers: InformerSet
  readonly #byNamespace = new Map<string, NamespacePolicies>()
  #pods: ReturnType<typeof podsOf> | undefined
  #namespaces: ReturnType<typeof namespacesOf> | undefined
  #generation = 0

  constructor(host: DaemonHost, client: ApiClient, network: NodePodNetwork) {
    this.#host = host
    this.#network = network
    this.#informers = new InformerSet(host, client)
    const policies = this.#informers.of(networkPolicyKind)
    policies.onChange({ added: (policy) => this.#put(policy), updated: (policy) => this.#put(policy), deleted: (policy) => this.#remove(policy) })
    this.#informers.start()
    // What an earlier agent left in force stays until this one knows better.
    void this.#informers.whenSynced().then(() => this.#takeOver())
  }

  policiesOf(namespace: string): NamespacePolicies {
    return this.#byNamespace.get(namespace) ?? none
  }

  podAt(address: string): Pod | undefined {
    // The node's own pods are known before their status says where they are.
    const local = this.#network.podAt(address)
    return local ? this.#pods?.get(local.namespace, local.pod) : this.#pods?.byIndex('address', address)[0]
  }

  namespace(name: string): Namespace | undefined {
    return this.#namespaces?.get(undefined, name)
  }

  view(): unknown {
    const policies = [...this.#byNamespace.values()].flatMap((each) => each.policies)
    return { policies: policies.slice(0, 500).map(({ namespace, name, ingress, egress }) => ({ namespace, name, directions: [...(ingress ? ['Ingress'] : []), ...(egress ? ['Egress'] : [])] })), ...policiesOf(this.#host.stack).counts }
  }

  #put(policy: NetworkPolicy): void {
    if (!this.#pods) {
      this.#pods = podsOf(this.#informers)
      this.#namespaces = namespacesOf(this.#informers)
      this.#informers.start()
    }
    this.#replace(policy, compilePolicy(policy))
  }

  #remove(policy: NetworkPolicy): void {
    this.#replace(policy, undefined)
  }

  #replace({ metadata: { name, namespace = '' } }: NetworkPolicy, compiled: CompiledPolicy | undefined): void {
    const byName = new Map(this.policiesOf(namespace).byName)
    if (compiled) byName.set(name, compiled)
    else byName.delete(name)
    if (byName.size === 0) this.#byNamespace.delete(namespace)
    else this.#byNamespace.set(namespace, { generation: ++this.#generation, byName, policies: [...byName.values()] })
    this.onChange?.()
  }

  #takeOver(): void {
    if (this.#byNamespace.size > 0 && !(this.#pods?.synced && this.#namespaces?.synced)) return void this.#informers.whenSynced().then(() => this.#takeOver())
    policiesOf(this.#host.stack).facts = this
  }
}

function podsOf(informers: InformerSet): ReturnType<typeof informers.of<Pod>> {
  const pods = informers.of(podKind)
  pods.addIndex('address', (pod) => (pod.spec?.hostNetwork || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? [] : (pod.status?.podIPs ?? []).map(({ ip }) => ip)))
  return pods
}

function namespacesOf(informers: InformerSet): ReturnType<typeof informers.of<Namespace>> {
  return informers.of(namespaceKind)
}
