/** How CRI calls cross the node's local socket: one message per call and one per answer. */
export interface CallFrame {
  readonly id: number
  readonly method: CallName
  readonly arguments: readonly unknown[]
}

export interface AnswerFrame {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

/** The calls of ContainerRuntime that are remote, and what the CRI calls them. */
export const callNames = {
  version: 'Version',
  status: 'Status',
  runPodSandbox: 'RunPodSandbox',
  stopPodSandbox: 'StopPodSandbox',
  removePodSandbox: 'RemovePodSandbox',
  podSandboxStatus: 'PodSandboxStatus',
  listPodSandboxes: 'ListPodSandbox',
  createContainer: 'CreateContainer',
  startContainer: 'StartContainer',
  stopContainer: 'StopContainer',
  removeContainer: 'RemoveContainer',
  containerStatus: 'ContainerStatus',
  listContainers: 'ListContainers',
  execSync: 'ExecSync',
  exec: 'Exec',
  attach: 'Attach',
  usage: 'ListContainerStats',
  updateContainerResources: 'UpdateContainerResources',
  pullImage: 'PullImage',
  imageStatus: 'ImageStatus',
  listImages: 'ListImages',
  removeImage: 'RemoveImage',
} as const

export type CallName = keyof typeof callNames

/** What differs between the runtimes that a node may have. */
export interface RuntimeIdentity {
  readonly name: string
  readonly version: string
  readonly apiVersion: string
  readonly socketPath: string
  /** As node.status.nodeInfo.containerRuntimeVersion has it. */
  readonly uri: string
}

export const runtimeIdentities = {
  containerd: {
    name: 'containerd',
    version: 'v2.2.1',
    apiVersion: 'v1',
    socketPath: '/run/containerd/containerd.sock',
    uri: 'containerd://2.2.1',
  },
  crio: { name: 'cri-o', version: '1.36.0', apiVersion: 'v1', socketPath: '/var/run/crio/crio.sock', uri: 'cri-o://1.36.0' },
  'cri-dockerd': { name: 'docker', version: '29.1.3', apiVersion: '1.52.0', socketPath: '/run/cri-dockerd.sock', uri: 'docker://29.1.3' },
} as const satisfies Record<string, RuntimeIdentity>

export type RuntimeIdentityName = keyof typeof runtimeIdentities
