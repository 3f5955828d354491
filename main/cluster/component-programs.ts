import type { LogLine } from '../kernel/journal.ts'
import type { Machine, Process, Program as Component } from '../kernel/machine.ts'
import type { ProcessContext, Program } from '../node/runtime/programs/program.ts'

/** Makes a cluster component the program of a container: starting the container starts the component's process on the
 *  machine, what it logs is the container's log, SIGTERM stops it in order, and either's end is the other's. */
export function componentProgram(machine: Machine, name: string, component: (process: Process, context: ProcessContext) => Component): Program {
  return (context) =>
    new Promise((resolve) => {
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
