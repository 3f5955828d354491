/** What a process of the cluster is for, and which view shows it. */
export interface ProcessFacts {
  readonly says: string
  readonly view?: string
  /** Tab of the node's page. */
  readonly tab?: string
}

const known: Readonly<Record<string, ProcessFacts>> = {
  'kube-apiserver': { says: 'The front end of the control plane. Every read and every change goes through it: it authenticates, authorises, admits, validates and stores.', view: 'api-server' },
  etcd: { says: 'The key-value store that holds all state of the cluster. Only the API server talks to it.', view: 'etcd' },
  'kube-scheduler': { says: 'Watches for pods without a node and chooses one for each: filters the nodes that can, scores those, binds the best.', view: 'scheduler' },
  'kube-controller-manager': { says: 'Runs the control loops: each watches what is and moves it towards what was asked for.', view: 'controllers' },
  'cloud-controller-manager': { says: 'Connects the cluster to its cloud provider: nodes, routes, load balancers.', view: 'cloud' },
  kubelet: { says: 'Runs the pods that were bound to its node and reports how they are.', view: 'nodes', tab: 'kubelet' },
  'kube-proxy': { says: 'Programs the rules by which Services reach their pods from this node.', view: 'nodes', tab: 'proxy' },
  containerd: { says: 'The container runtime: pulls images, makes sandboxes, starts and stops containers for the kubelet over CRI.', view: 'nodes', tab: 'runtime' },
}

export function processFacts(name: string): ProcessFacts {
  return known[name] ?? { says: '' }
}
