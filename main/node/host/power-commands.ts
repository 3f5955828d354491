import { formatTime } from '../../api/machinery/time.ts'
import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'

/** What becomes of a machine that goes down. */
export type Way = 'poweroff' | 'reboot'

const offMs = 200
const bootMs = 20_000
const leaveMs = 1_000

/** `-f`, `--force`: at once, whoever would delay it. */
export function saysForce(argv: readonly string[]): boolean {
  return argv.some((word) => word === '--force' || /^-[a-z]*f/.test(word))
}

/** Takes the whole machine down, all sessions with it: when the kubelet has ended the pods it cares for, or by force at once.
 *  The command itself does not wait. Not modelled: stopping the other services in order. */
export async function goDown(host: Host, context: Parameters<Program>[0], way: Way, force: boolean): Promise<number> {
  takeDown(host, way, force)
  await context.sleep(leaveMs)
  return 0
}

/** `reboot` and `poweroff`. */
export function powerCommand(host: Host, way: Way): Program {
  return (context) => goDown(host, context, way, saysForce(context.argv))
}

/** `shutdown [-h|-P|-r] [now|+minutes]`, `shutdown -c`; a minute from now unless told otherwise. Not modelled: times of day, messages. */
export function shutdown(host: Host): Program {
  let planned: { cancel(): void } | undefined
  return async (context) => {
    const words = context.argv.slice(1)
    const options = words.filter((word) => word.startsWith('-'))
    const unknown = options.find((word) => !['-h', '-P', '-r', '-c', '--poweroff', '--reboot', '--no-wall'].includes(word))
    if (unknown !== undefined) {
      await context.stderr.write(unknown.startsWith('--') ? `shutdown: unrecognized option '${unknown}'\n` : `shutdown: invalid option -- '${unknown.slice(1)}'\n`)
      return 1
    }
    if (options.includes('-c')) {
      planned?.cancel()
      planned = undefined
      return 0
    }
    const way: Way = options.includes('-r') || options.includes('--reboot') ? 'reboot' : 'poweroff'
    const when = words.find((word) => !word.startsWith('-')) ?? '+1'
    const minutes = when === 'now' ? 0 : /^\+?\d+$/.test(when) ? Number(when) : undefined
    if (minutes === undefined) {
      await context.stderr.write(`Failed to parse time specification: ${when}\n`)
      return 1
    }
    planned?.cancel()
    if (minutes === 0) return goDown(host, context, way, false)
    const { kernel } = host.facts.machine
    planned = kernel.schedule(minutes * 60_000, () => takeDown(host, way, false), 0)
    const moment = formatTime(kernel.now() + minutes * 60_000).replace('T', ' ').replace('Z', ' UTC')
    await context.stderr.write(`${way === 'reboot' ? 'Reboot' : 'Shutdown'} scheduled for ${moment}, use 'shutdown -c' to cancel.\n`)
    return 0
  }
}

function takeDown(host: Host, way: Way, force: boolean): void {
  const { machine, power, beforePowerOff } = host.facts
  const { kernel } = machine
  const off = (): void => {
    kernel.schedule(
      offMs,
      () => {
        // Somebody may have pulled the plug meanwhile.
        if (!machine.poweredOn) return
        power?.(false)
        if (way === 'reboot') kernel.schedule(bootMs, () => power?.(true), 0)
      },
      0,
    )
  }
  if (force || !beforePowerOff) off()
  else void beforePowerOff().then(off)
}
