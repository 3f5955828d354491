import { FakeApi } from '../../../api/client/testing/fake-api.ts'
import { testBench } from '../../../api/client/testing/test-process.ts'
import type { CoreEvent, Node, Pod } from '../../../api/generated/types.ts'
import { eventKind } from '../../../api/kinds/core/event.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import type { Kernel } from '../../../kernel/kernel.ts'
import type { RunningProcess } from '../../../kernel/machine.ts'
import type { Decision } from '../decisions.ts'
import { kubeScheduler, type KubeSchedulerOptions } from '../kube-scheduler.ts'

/** A scheduler on an API of its own. */
export interface SchedulerBench {
  readonly kernel: Kernel
  readonly api: FakeApi
  readonly scheduler: RunningProcess
  pod(name: string): Pod
  /** Adds it and lets things settle. */
  add(...objects: (Node | Pod)[]): Promise<void>
  /** Texts of the pod's events, oldest first. */
  events(pod: string): string[]
  decisions(): Decision[]
}

export function schedulerBench(options: Partial<KubeSchedulerOptions> = {}, seed = 1): SchedulerBench {
  const { kernel, machine, process } = testBench(seed)
  const api = new FakeApi(process)
  const scheduler = machine.start('kube-scheduler', kubeScheduler({ client: () => api, leaderElect: false, ...options }))
  return {
    kernel,
    api,
    scheduler,
    pod: (name) => api.stored(podKind).find((pod) => pod.metadata.name === name)!,
    async add(...objects) {
      for (const object of objects) {
        if (object.kind === 'Node') api.seed(nodeKind, object as Node)
        else api.seed(podKind, object as Pod)
        // Status is not taken on create: nodes and running pods say theirs afterwards.
        const { status } = object
        if (status && object.kind === 'Node') api.mutate(nodeKind, undefined, object.metadata.name, (copy) => void (copy.status = status as Node['status'] & object))
        else if (status) api.mutate(podKind, object.metadata.namespace, object.metadata.name, (copy) => void (copy.status = status as Pod['status'] & object))
      }
      await kernel.runFor(200)
    },
    events: (pod) =>
      api
        .stored<CoreEvent>(eventKind)
        .filter((event) => event.involvedObject.name === pod)
        .map((event) => `${event.type} ${event.reason} ${event.message}`),
    decisions: () => scheduler.view('decisions') as Decision[],
  }
}
