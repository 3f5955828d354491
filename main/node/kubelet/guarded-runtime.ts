import type { Scope } from '../../kernel/scope.ts'
import type { ContainerRuntime } from '../cri.ts'

/** The runtime as a kubelet sees it that may die at any moment: answers that come after its end never arrive. */
export function guardedRuntime(runtime: ContainerRuntime, scope: Scope): ContainerRuntime {
  const guard = <T>(answer: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      answer.then(
        (value) => {
          if (!scope.closed) resolve(value)
        },
        (error: unknown) => {
          if (!scope.closed) reject(error)
        },
      )
    })
  return {
    version: () => guard(runtime.version()),
    status: () => guard(runtime.status()),
    runPodSandbox: (config) => guard(runtime.runPodSandbox(config)),
    stopPodSandbox: (id) => guard(runtime.stopPodSandbox(id)),
    removePodSandbox: (id) => guard(runtime.removePodSandbox(id)),
    podSandboxStatus: (id) => guard(runtime.podSandboxStatus(id)),
    listPodSandboxes: () => guard(runtime.listPodSandboxes()),
    createContainer: (id, config) => guard(runtime.createContainer(id, config)),
    startContainer: (id) => guard(runtime.startContainer(id)),
    stopContainer: (id, graceSeconds) => guard(runtime.stopContainer(id, graceSeconds)),
    removeContainer: (id) => guard(runtime.removeContainer(id)),
    containerStatus: (id) => guard(runtime.containerStatus(id)),
    listContainers: (filter) => guard(runtime.listContainers(filter)),
    execSync: (id, command, timeoutMs) => guard(runtime.execSync(id, command, timeoutMs)),
    exec: (id, command, options) => guard(runtime.exec(id, command, options)),
    attach: (id, options) => guard(runtime.attach(id, options)),
    sandboxStack: (id) => runtime.sandboxStack(id),
    usage: () => guard(runtime.usage()),
    updateContainerResources: (id, resources) => guard(runtime.updateContainerResources(id, resources)),
    footprint: () => runtime.footprint(),
    onSystemOutOfMemory: (listener) => runtime.onSystemOutOfMemory(listener),
    pullImage: (image, auth) => guard(runtime.pullImage(image, auth)),
    imageStatus: (image) => guard(runtime.imageStatus(image)),
    listImages: () => guard(runtime.listImages()),
    removeImage: (image) => guard(runtime.removeImage(image)),
    readLog: (path) => runtime.readLog(path),
    followLog: (path, onLine) => runtime.followLog(path, onLine),
    onEvent: (listener) => {
      const stop = runtime.onEvent((event) => {
        if (!scope.closed) listener(event)
      })
      const forget = scope.onClose(stop)
      return () => {
        forget()
        stop()
      }
    },
  }
}
