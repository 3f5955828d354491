import type { Node } from '../api/generated/types.ts'
import { InformerSet } from '../api/client/informer.ts'
import { restClient } from '../api/client/rest-client.ts'
import type { ApiClient } from '../api/client/contract.ts'
import type { Kind } from '../api/kinds/kind.ts'
import { nodeKind } from '../api/kinds/core/node.ts'
import { kindFor } from '../api/kinds/registry.ts'
import type { KubeObject } from '../api/machinery/object.ts'
import { isAlreadyExists, isInvalid } from '../api/machinery/status-error.ts'
import { HttpClient } from '../kernel/http.ts'
import type { Process, Program } from '../kernel/machine.ts'
import type { Endpoint } from '../kernel/network.ts'
import { adminCertificate } from './gateway.ts'

export interface KubeadmOptions {
  readonly server: Endpoint
  readonly addons: readonly KubeObject[]
  /** What is left for those who join or upgrade: written beside the rest, for nothing waits for it. */
  readonly configMaps: readonly KubeObject[]
  /** What is installed when every node is Ready: nothing waits for it. */
  readonly lateAddons: readonly KubeObject[]
  readonly nodes: readonly string[]
  /** Those of the nodes that are labelled as the control plane's. */
  readonly controlPlanes: readonly string[]
  /** Every node has been seen Ready. */
  readonly onReady: () => void
}

const retryMs = 250

/** What `kubeadm init` does after the control plane's containers were started: waits for the API server, writes its ConfigMaps, installs the add-ons, and
 *  (as a person would with `kubectl wait`) watches the nodes until all are Ready. Then it ends. */
export function kubeadmInit(options: KubeadmOptions): (process: Process) => Program {
  return (process) => {
    const client = restClient(new HttpClient(process, options.server, adminCertificate), { userAgent: 'kubeadm/v1.36.1' })
    void (async () => {
      await untilServing(process, client)
      const written = Promise.all(options.configMaps.map((object) => install(process, client, object)))
      for (const object of options.addons) await install(process, client, object)
      await untilNodesReady(process, client, options)
      options.onReady()
      for (const object of options.lateAddons) await install(process, client, object)
      await written
      process.scope.close()
    })()
    return {}
  }
}

async function untilServing(process: Process, client: ApiClient): Promise<void> {
  for (;;) {
    try {
      if ((await client.raw('GET', '/readyz')).status === 200) return
    } catch {
      // Not listening yet: its container is still being started.
    }
    await process.clock.sleep(retryMs)
  }
}

async function install(process: Process, client: ApiClient, object: KubeObject): Promise<void> {
  const [group, version] = (object.apiVersion ?? '').includes('/') ? object.apiVersion!.split('/') : ['', object.apiVersion]
  const kind = kindFor(group!, object.kind!)
  if (!kind || kind.version !== version) throw new Error(`add-on ${object.kind} ${object.metadata?.name} is of no kind that this server has`)
  for (;;) {
    try {
      await client.create(kind, object, { fieldManager: 'kubeadm' })
      return
    } catch (error) {
      // A Service whose address is taken by itself, from an earlier start of the cluster, is refused before its name is looked at.
      if (isAlreadyExists(error) || (isInvalid(error) && (await exists(client, kind, object)))) return
      process.journal.warning('Add-on could not be created yet', { kind: object.kind, name: object.metadata?.name, err: error })
      await process.clock.sleep(retryMs)
    }
  }
}

async function exists(client: ApiClient, kind: Kind, object: KubeObject): Promise<boolean> {
  return client.get(kind, object.metadata.name, object.metadata.namespace).then(() => true, () => false)
}

const roleLabels = { 'node-role.kubernetes.io/control-plane': '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' }

/** Labels a node as one of the control plane (kubeadm's mark-control-plane). */
function markControlPlane(process: Process, client: ApiClient, name: string): void {
  client.patch(nodeKind, name, undefined, 'strategic', { metadata: { labels: roleLabels } }, { fieldManager: 'kubeadm' }).catch(async (error: unknown) => {
    process.journal.warning('Could not mark the node as control-plane yet', { node: name, err: error })
    await process.clock.sleep(retryMs)
    markControlPlane(process, client, name)
  })
}

function untilNodesReady(process: Process, client: ApiClient, { nodes: names, controlPlanes }: KubeadmOptions): Promise<void> {
  return new Promise((resolve) => {
    const missing = new Set(names)
    const unmarked = new Set(controlPlanes)
    const informers = new InformerSet(process, client)
    const check = (node: Node): void => {
      const labels = node.metadata.labels ?? {}
      const isMarked = Object.keys(roleLabels).every((label) => labels[label] !== undefined)
      if (unmarked.delete(node.metadata.name) && !isMarked) markControlPlane(process, client, node.metadata.name)
      if (controlPlanes.includes(node.metadata.name) && !isMarked) return
      const ready = node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True')
      if (ready && missing.delete(node.metadata.name!) && missing.size === 0) resolve()
    }
    informers.of(nodeKind).onChange({ added: check, updated: check })
    informers.start()
  })
}
