/** Where a state shows: what `kubectl get` prints, the pod's own status, a container's, a condition, an event. */
export type Place = 'STATUS' | 'phase' | 'reason' | 'waiting' | 'terminated' | 'condition' | 'event' | 'node event' | 'node condition'

/** One thing that upstream documents (or its source names) about the life of a pod on a node, and how to see it. */
export interface PodState {
  readonly place: Place
  /** As it is written there; a condition as `Type=Status` or `Type=Status(Reason)`. */
  readonly state: string
  /** File in manifests/, without its ending. */
  readonly manifest: string
  /** What is done besides applying the manifest: a name of `scenarios` (scenarios.ts). */
  readonly after?: string
  readonly means: string
}

const state = (place: Place, name: string, manifest: string, means: string, after?: string): PodState => ({ place, state: name, manifest, means, ...(after ? { after } : {}) })

export const podStates: readonly PodState[] = [
  // ---- Before it has a node
  state('STATUS', 'Pending', 'unschedulable', 'no node fits'),
  state('phase', 'Pending', 'unschedulable', 'not all containers have been started'),
  state('condition', 'PodScheduled=False(Unschedulable)', 'unschedulable', 'no node fits'),
  state('event', 'FailedScheduling', 'unschedulable', 'no node fits'),
  state('STATUS', 'SchedulingGated', 'scheduling-gated', 'somebody holds it back from the scheduler'),
  state('condition', 'PodScheduled=False(SchedulingGated)', 'scheduling-gated', 'somebody holds it back from the scheduler'),

  // ---- Starting
  state('event', 'Scheduled', 'running', 'the scheduler has chosen a node'),
  state('STATUS', 'ContainerCreating', 'running', 'sandbox, volumes and images are being prepared'),
  state('waiting', 'ContainerCreating', 'running', 'sandbox, volumes and images are being prepared'),
  state('event', 'Pulling', 'running', 'the image is being fetched'),
  state('event', 'Pulled', 'running', 'the image is there'),
  state('event', 'Created', 'running', 'the runtime has made the container'),
  state('event', 'Started', 'running', 'its first process runs'),
  state('condition', 'PodReadyToStartContainers=True', 'running', 'sandbox and network are there'),
  state('condition', 'Initialized=True', 'running', 'init containers are done'),
  state('condition', 'ContainersReady=True', 'running', 'all containers are ready'),
  state('condition', 'Ready=True', 'running', 'it may get requests'),
  state('phase', 'Running', 'running', 'all containers have been made, at least one runs'),
  state('STATUS', 'Running', 'running', 'all containers have been made, at least one runs'),

  // ---- Images
  state('waiting', 'ErrImagePull', 'image-not-found', 'the last pull failed'),
  state('waiting', 'ImagePullBackOff', 'image-not-found', 'waits before it pulls again: 10 s, doubling to 5 min'),
  state('event', 'Failed', 'image-not-found', 'an image or a container failed'),
  state('event', 'BackOff', 'image-not-found', 'waits before it tries again'),
  state('waiting', 'InvalidImageName', 'image-name-invalid', 'the name cannot be one of an image'),
  state('event', 'InspectFailed', 'image-name-invalid', 'the image cannot be looked at'),
  state('waiting', 'ErrImageNeverPull', 'image-never-pulled', 'the image is not there and must not be pulled'),
  state('event', 'ErrImageNeverPull', 'image-never-pulled', 'the image is not there and must not be pulled'),
  state('event', 'FailedToRetrieveImagePullSecret', 'pull-secret-missing', 'a pull secret is missing; the pull is tried without'),

  // ---- Containers that cannot be made or started
  state('waiting', 'CreateContainerConfigError', 'config-missing', 'what the container refers to is missing'),
  state('waiting', 'CreateContainerConfigError', 'runs-as-root', 'must not run as root and its image would'),
  state('waiting', 'CreateContainerError', 'no-command', 'the runtime cannot make the container'),
  state('waiting', 'RunContainerError', 'command-not-found', 'the runtime cannot start the container'),
  state('terminated', 'StartError', 'command-not-found', 'the runtime cannot start the container (exit code 128); dockershim said ContainerCannotRun'),
  state('event', 'FailedCreatePodSandBox', 'runtime-class', 'the runtime cannot make the sandbox'),
  state('event', 'DNSConfigForming', 'too-many-name-servers', 'more name servers than a resolver reads'),
  state('waiting', 'PostStartHookError', 'post-start-fails', 'the postStart hook failed; the container is killed'),
  state('event', 'FailedPostStartHook', 'post-start-fails', 'the postStart hook failed; the container is killed'),

  // ---- Containers that end
  state('terminated', 'Error', 'failed', 'ended with another exit code than 0'),
  state('phase', 'Failed', 'failed', 'all containers have ended, at least one badly'),
  state('STATUS', 'Error', 'failed', 'all containers have ended, at least one badly'),
  state('condition', 'Ready=False(PodFailed)', 'failed', 'all containers have ended, at least one badly'),
  state('terminated', 'Completed', 'completed', 'ended with exit code 0'),
  state('phase', 'Succeeded', 'completed', 'all containers have ended well'),
  state('STATUS', 'Completed', 'completed', 'all containers have ended well'),
  state('condition', 'Ready=False(PodCompleted)', 'completed', 'all containers have ended well'),
  state('waiting', 'CrashLoopBackOff', 'crash-loop', 'waits before it restarts: 10 s, doubling to 5 min'),
  state('STATUS', 'CrashLoopBackOff', 'crash-loop', 'waits before it restarts'),
  state('event', 'BackOff', 'crash-loop', 'waits before it restarts'),
  state('terminated', 'Error', 'restart-rules', 'a rule of the container restarted it once'),
  state('terminated', 'OOMKilled', 'out-of-memory', 'its processes used more memory than its limit (exit code 137)'),
  state('STATUS', 'OOMKilled', 'out-of-memory', 'its processes used more memory than its limit'),
  state('STATUS', 'NotReady', 'sidecar-done', 'one container is done, another runs and is not ready'),
  state('event', 'Killing', 'ignores-term', 'containers are stopped', 'delete'),
  state('STATUS', 'Terminating', 'ignores-term', 'it is deleted, and its containers are given time to stop', 'delete'),
  state('terminated', 'Error', 'ignores-term', 'the grace period was over: killed (exit code 137)', 'delete'),
  state('event', 'FailedPreStopHook', 'pre-stop-fails', 'the preStop hook failed', 'delete'),
  state('STATUS', 'Completed', 'finalizer', 'it has ended, and a finalizer keeps its object', 'delete'),

  // ---- Init containers
  state('STATUS', 'Init:0/2', 'init-slow', 'none of two init containers is done'),
  state('STATUS', 'Init:1/2', 'init-slow', 'one of two init containers is done'),
  state('STATUS', 'PodInitializing', 'init-slow', 'init containers are done, the others are being made'),
  state('waiting', 'PodInitializing', 'init-slow', 'waits for init containers'),
  state('condition', 'Initialized=False(ContainersNotInitialized)', 'init-slow', 'waits for init containers'),
  state('STATUS', 'Init:Error', 'init-fails', 'an init container failed'),
  state('STATUS', 'Init:CrashLoopBackOff', 'init-fails', 'waits before it runs the init container again'),
  state('phase', 'Failed', 'init-fails-once', 'an init container failed and nothing restarts'),

  // ---- Probes and readiness
  state('event', 'Unhealthy', 'not-ready', 'a probe failed'),
  state('condition', 'Ready=False(ContainersNotReady)', 'not-ready', 'a readiness probe has not passed'),
  state('event', 'Killing', 'liveness-fails', 'failed its liveness probe, will be restarted'),
  state('event', 'Killing', 'startup-fails', 'failed its startup probe, will be restarted'),
  state('event', 'Killing', 'probe-hangs', 'a probe that does not end in time has failed'),
  state('condition', 'Ready=True', 'grpc-probe', 'answers the gRPC health protocol'),
  state('event', 'Killing', 'grpc-probe-fails', 'says over the gRPC health protocol that it does not serve'),
  state('event', 'ProbeWarning', 'probe-redirected', 'the probe was redirected to another host: passed, with a warning'),
  state('condition', 'Ready=False(ReadinessGatesNotReady)', 'readiness-gate', 'nobody has set the condition that it waits for'),

  // ---- Volumes
  state('event', 'FailedMount', 'mount-missing', 'what a volume is made of is missing'),
  state('event', 'FailedMount', 'claim-missing', 'the claim is missing'),

  // ---- The kubelet says no
  state('reason', 'OutOfcpu', 'out-of-cpu', 'bound to a node without so much CPU left'),
  state('STATUS', 'OutOfcpu', 'out-of-cpu', 'bound to a node without so much CPU left'),
  state('event', 'OutOfcpu', 'out-of-cpu', 'bound to a node without so much CPU left'),
  state('reason', 'OutOfmemory', 'out-of-memory-request', 'bound to a node without so much memory left'),
  state('reason', 'OutOfephemeral-storage', 'out-of-storage-request', 'bound to a node without so much disk left'),
  state('reason', 'NodeAffinity', 'node-affinity', 'bound to a node that its selector excludes'),
  state('reason', 'NodePorts', 'node-ports', 'bound to a node on which another pod has its host port'),

  // ---- The kubelet ends it
  state('reason', 'DeadlineExceeded', 'deadline', 'ran longer than activeDeadlineSeconds'),
  state('event', 'DeadlineExceeded', 'deadline', 'ran longer than activeDeadlineSeconds'),
  state('reason', 'Evicted', 'scratch-too-large', 'a scratch volume is larger than it may be'),
  state('STATUS', 'Evicted', 'comes-too-late', 'asks for no memory and comes to a node that is short of it', 'pressure'),
  state('event', 'Evicted', 'storage-too-large', 'a container has written more than its limit'),
  state('reason', 'Evicted', 'memory-pressure', "the node's memory is nearly gone, and this pod uses the most above its request"),
  state('condition', 'DisruptionTarget=True(TerminationByKubelet)', 'memory-pressure', 'ended for the good of its node'),

  // ---- Resized while it runs
  state('condition', 'PodResizePending=True(Infeasible)', 'resized', 'asks for more than the node has', 'resizeBeyond'),
  state('condition', 'PodResizePending=True(Deferred)', 'resized-later', 'asks for more than the node has left', 'resizeLater'),
  state('condition', 'PodResizeInProgress=True(Error)', 'resized-below', 'is to get less memory than it uses', 'resizeBelow'),

  // ---- Room for a critical pod
  state('reason', 'Preempting', 'preempted', 'had to go for a critical pod'),
  state('event', 'Preempting', 'preempted', 'had to go for a critical pod'),
]

/** The same of the node that a pod was on: `worker-3` for pods that make trouble. */
export const nodeStates: readonly PodState[] = [
  state('node event', 'EvictionThresholdMet', 'memory-pressure', 'something is nearly gone: pods will be evicted'),
  state('node condition', 'MemoryPressure=True', 'memory-pressure', 'less than 100Mi of memory are free; stays for 5 minutes'),
  state('node event', 'NodeHasInsufficientMemory', 'memory-pressure', 'less than 100Mi of memory are free'),
  state('node event', 'SystemOOM', 'memory-gone', 'all memory was gone before the kubelet looked: the kernel killed a process'),
]

/** What upstream's source or documents name and no manifest reaches here, and why. */
export const unreached: readonly { readonly state: string; readonly why: string }[] = [
  { state: 'NodeLost', why: 'kubelets and controllers of 1.36 no longer set it; pods of lost nodes are deleted by taint eviction (condition DisruptionTarget, reason DeletionByTaintManager)' },
  { state: 'ContainerCannotRun', why: 'the word of dockershim; containerd says StartError' },
  { state: 'Terminated, NodeShutdown', why: 'need a kubelet with shutdownGracePeriod: main/node/kubelet/node-faults.test.ts' },
  { state: 'ContainerStatusUnknown, SandboxChanged', why: 'need a runtime that loses what it had: main/node/kubelet/node-faults.test.ts, kubelet-recovery.test.ts' },
  { state: 'DiskPressure, PIDPressure', why: 'need a full disk or very many processes: main/node/kubelet/evictor.test.ts' },
  { state: 'UnexpectedAdmissionError, TopologyAffinityError', why: 'not yet: device plugins and topology are not modelled' },
  { state: 'FailedAttachVolume, FailedMapVolume', why: 'not yet: no attach controller, no block volumes' },
]
