import type { MachineView } from '../../preload/contract/observe.ts'
import type { ApiObject } from '../api/object.ts'
import type { MachineInput } from './layout.ts'

/** Control-plane processes in the order of the architecture. */
const componentOrder = ['kube-apiserver', 'etcd', 'kube-scheduler', 'kube-controller-manager', 'cloud-controller-manager', 'cloud-provider']
const agentOrder = ['kubelet', 'kube-proxy', 'containerd']

/** How a process is called on the map. */
export const componentTitles: Readonly<Record<string, string>> = {
  'kube-apiserver': 'API server',
  etcd: 'etcd',
  'kube-scheduler': 'Scheduler',
  'kube-controller-manager': 'Controllers',
  'cloud-controller-manager': 'Cloud',
  'cloud-provider': 'Provider',
  kubelet: 'kubelet',
  'kube-proxy': 'kube-proxy',
  containerd: 'runtime',
}

/** Machines and nodes as the map draws them: every machine of the lab, and nodes that no machine stands behind. */
export function mapMachines(machines: readonly MachineView[], nodes: readonly ApiObject[], podsByNode: ReadonlyMap<string, readonly ApiObject[]>): MachineInput[] {
  const known = new Set(machines.map((machine) => machine.name))
  const pods = (name: string): number => podsByNode.get(name)?.length ?? 0
  const inputs = machines.map((machine): MachineInput => {
    const running = new Set(machine.processes.map((process) => process.name))
    const role = nodes.find((node) => node.metadata.name === machine.name)?.metadata.labels
    const components = componentOrder.filter((name) => running.has(name))
    const controlPlane = components.length > 0 || role?.['node-role.kubernetes.io/control-plane'] !== undefined
    return { name: machine.name, components: controlPlane && components.length === 0 ? ['kube-apiserver'] : components, agents: agentOrder.filter((name) => running.has(name)), pods: pods(machine.name) }
  })
  for (const node of nodes) {
    if (!known.has(node.metadata.name)) inputs.push({ name: node.metadata.name, components: [], agents: [], pods: pods(node.metadata.name) })
  }
  return inputs
}
