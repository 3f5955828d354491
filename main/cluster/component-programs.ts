import type { LogLine } from '../kernel/journal.ts'
import type { Machine, Process, Program as Component } from '../kernel/machine.ts'
import type { ProcessContext, Program } from '../node/runtime/programs/program.ts'

/** What the containers of a small cluster's components use when little happens: millicores and MiB. */
const footprints: Readonly<Record<string, readonly [millicores: number, mebibytes: number]>> = {
  etcd: [18, 42],
  'kube-apiserver': [42, 265],
  'kube-controller-manager': [14, 52],
  'kube-scheduler': [4, 24],
  'cloud-controller-manager': [3, 28],
  'cluster-autoscaler': [3, 45],
  'kube-proxy': [1, 20],
  coredns: [2, 15],
  'ingress-nginx': [2, 90],
  'local-path-provisioner': [1, 10],
}

/** Accounts for what a component of that name uses, more or less, by chance. */
export function useAs(context: ProcessContext, name: string): void {
  const [millicores, mebibytes] = footprints[name] ?? [1, 10]
  const vary = (amount: number): number => amount * (0.9 + 0.2 * context.random.float())
  context.load(vary(millicores))
  context.useMemory(Math.round(vary(mebibytes) * 1_048_576))
}

/** Makes a cluster component the program of a container: starting the container starts the component's process on the
 *  machine, what it logs is the container's log, SIGTERM stops it in order, and either's end is the other's. */
export function componentProgram(machine: Machine, name: string, component: (process: Process, context: ProcessContext) => Component): Program {
  return (context) =>
    new Promise((resolve) => {
      useAs(context, name)
      const running = machine.start(name, (process) => component(process, context))
      const print = (line: LogLine): void => void context.stderr.write(`${klog(line, context.pid)}\n`)
      for (const line of running.journal.lines()) print(line)
      const stopListening = running.journal.onLine(print)
      let over = false
      const finish = (exitCode: number): void => {
        if (over) return
        over = true
        stopListening()
        resolve(exitCode)
      }
      // A killed container takes its component with it; a component that died takes its container.
      context.scope.onClose(() => running.crash())
      running.scope.onClose(() => machine.kernel.schedule(0, () => finish(1)))
      void context.untilSignal('TERM', 'INT').then(async () => {
        await running.stop()
        finish(0)
      })
    })
}

/** A line as klog prints it: level, month and day, time, thread, where (not modelled), text. */
export function klog(line: LogLine, pid: number): string {
  const time = new Date(line.time).toISOString()
  const level = { info: 'I', warning: 'W', error: 'E' }[line.level]
  return `${level}${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000 ${String(pid).padStart(7)} ${line.text}`
}
