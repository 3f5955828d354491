import { journalMatches, readJournalOptions, renderJournal } from '../systemd/journalctl.ts'
import { systemctl as runSystemctl } from '../systemd/systemctl.ts'
import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'
import { goDown, saysForce } from './power-commands.ts'

/** `systemctl` on the machine's own services, and on the machine as a whole (poweroff, reboot). */
export function systemctl(host: Host): Program {
  return async (context) => {
    const { machine, systemd } = host.facts
    const verb = context.argv.slice(1).find((word) => !word.startsWith('-'))
    if (verb === 'poweroff' || verb === 'reboot') return goDown(host, context, verb, saysForce(context.argv))
    const result = await runSystemctl(machine, systemd, context.argv.slice(1), host.files)
    await context.stdout.write(result.stdout)
    await context.stderr.write(result.stderr)
    return result.exitCode
  }
}

/** `journalctl`, also following. */
export function journalctl(host: Host): Program {
  return async (context) => {
    const { machine, systemd } = host.facts
    const options = readJournalOptions(context.argv.slice(1), context.clock.now())
    if (typeof options === 'string') {
      await context.stderr.write(options)
      return 1
    }
    await context.stdout.write(renderJournal(machine, systemd, options))
    if (!options.follow) return 0
    const waiting: string[] = []
    let wake: (() => void) | undefined
    for (const name of options.units.length > 0 ? options.units : systemd.names()) {
      if (!systemd.names().includes(name)) continue
      const stop = systemd.status(name).journal.onLine((line) => {
        const text = journalMatches(options, line) ? options.print({ host: machine.name, unit: name, pid: systemd.status(name).mainPid, line }) : undefined
        if (text === undefined) return
        waiting.push(text)
        const call = wake
        wake = undefined
        if (call) context.clock.after(0, call)
      })
      context.scope.onClose(stop)
    }
    for (;;) {
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      await context.stdout.write(waiting.splice(0).map((text) => `${text}\n`).join(''))
    }
  }
}
