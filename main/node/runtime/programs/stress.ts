import { sizeOf } from './options.ts'
import type { Program } from './program.ts'
import { nameOf } from './text-input.ts'

const mebibyte = 1_048_576

function seconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text)
  return match ? Number(match[1]) * { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] as 's']! : NaN
}

/** stress (and stress-ng's same options): workers that use CPU, memory, disk or nothing for a while. */
export const stress: Program = async (context) => {
  const words = context.argv.slice(1)
  const value = (...names: string[]): string | undefined => {
    for (let index = 0; index < words.length; index++) {
      const [name, inline] = words[index]!.split('=')
      if (names.includes(name!)) return inline ?? words[index + 1]
    }
    return undefined
  }
  if (words.length === 0) {
    await context.stdout.write("`stress' imposes certain types of compute stress on your system\n\nUsage: stress [OPTION [ARG]] ...\n")
    return 0
  }
  const cpu = Number(value('-c', '--cpu') ?? 0)
  const io = Number(value('-i', '--io') ?? 0)
  const memoryWorkers = Number(value('-m', '--vm') ?? 0)
  const hdd = Number(value('-d', '--hdd') ?? 0)
  const bytes = sizeOf(value('--vm-bytes') ?? '256M')
  const hang = value('--vm-hang')
  const timeoutText = value('-t', '--timeout')
  const { pid } = context
  await context.stdout.write(`stress: info: [${pid}] dispatching hogs: ${cpu} cpu, ${io} io, ${memoryWorkers} vm, ${hdd} hdd\n`)
  const startedAt = context.clock.now()
  const children: { kill(signal: 'KILL'): void; wait(): Promise<number>; readonly pid: number }[] = []
  const start = (millicores: number, memory: number): void => {
    children.push(
      context.fork(
        async (worker) => {
          worker.load(millicores)
          // Memory fills up page by page: a limit is met on the way, not at the first step.
          for (let filled = 0; filled < memory; ) {
            filled = Math.min(memory, filled + 64 * mebibyte)
            worker.useMemory(mebibyte + filled)
            await worker.sleep(20)
          }
          if (memory > 0 && hang !== undefined && hang !== '0') worker.load(1)
          return new Promise(() => {})
        },
        { title: [nameOf(context), ...words] },
      ),
    )
  }
  for (let index = 0; index < cpu; index++) start(1000, 0)
  for (let index = 0; index < io + hdd; index++) start(300, 0)
  for (let index = 0; index < memoryWorkers; index++) start(1000, bytes)
  const failed = Promise.race(children.map((child) => child.wait().then((code) => ({ child, code }))))
  const timeout = timeoutText === undefined ? new Promise<undefined>(() => {}) : context.sleep(seconds(timeoutText) * 1000).then(() => undefined)
  const interrupted = context.untilSignal('TERM', 'INT').then(() => 'interrupted' as const)
  const first = await Promise.race([failed, timeout, interrupted])
  for (const child of children) child.kill('KILL')
  const ran = Math.round((context.clock.now() - startedAt) / 1000)
  if (first === undefined) {
    await context.stdout.write(`stress: info: [${pid}] successful run completed in ${ran}s\n`)
    return 0
  }
  if (first === 'interrupted') return 143
  await context.stderr.write(`stress: FAIL: [${pid}] (416) <-- worker ${first.child.pid} got signal 9\nstress: WARN: [${pid}] (418) now reaping child worker processes\nstress: FAIL: [${pid}] (452) failed run completed in ${ran}s\n`)
  return 1
}

/** vish/stress: `-cpus 2 -mem-total 100Mi -mem-alloc-size 10Mi -mem-alloc-sleep 1s`. */
export const resourceConsumer: Program = async (context) => {
  const words = context.argv.slice(1)
  const flag = (name: string): string | undefined => {
    for (let index = 0; index < words.length; index++) {
      const match = new RegExp(`^--?${name}(?:=(.*))?$`).exec(words[index]!)
      if (match) return match[1] ?? words[index + 1]
    }
    return undefined
  }
  const size = (text: string | undefined): number => {
    const match = /^(\d+)(Ki|Mi|Gi|k|M|G)?$/.exec(text ?? '0')
    return match ? Number(match[1]) * { Ki: 1024, Mi: mebibyte, Gi: 1024 * mebibyte, k: 1000, M: 1_000_000, G: 1_000_000_000, '': 1 }[match[2] ?? '']! : 0
  }
  const total = size(flag('mem-total'))
  const step = size(flag('mem-alloc-size') ?? '4Ki')
  const pauseMs = Number(/^(\d+)ms$/.exec(flag('mem-alloc-sleep') ?? '1ms')?.[1] ?? 1000)
  const cpus = Number(flag('cpus') ?? 0)
  const log = (text: string): Promise<void> => context.stderr.write(`I0102 03:04:05.000000       1 main.go:26] ${text}\n`.replace('0102 03:04:05.000000', klogTime(context.clock.now())))
  await log(`Allocating ${JSON.stringify(flag('mem-total') ?? '0')} memory, in ${JSON.stringify(flag('mem-alloc-size') ?? '4Ki')} chunks, with a 1ms sleep between allocations`)
  if (cpus > 0) await log(`Spawning a thread to consume CPU`)
  context.load(cpus * 1000)
  for (let used = 0; used < total; ) {
    used = Math.min(total, used + Math.max(step, total / 200))
    context.useMemory(2 * mebibyte + used)
    await context.sleep(Math.max(1, pauseMs))
  }
  await log(`Allocated ${JSON.stringify(flag('mem-total') ?? '0')} memory`)
  await context.untilSignal('TERM', 'INT')
  return 2
}

function klogTime(time: number): string {
  const text = new Date(time).toISOString()
  return `${text.slice(5, 7)}${text.slice(8, 10)} ${text.slice(11, 23)}000`
}
