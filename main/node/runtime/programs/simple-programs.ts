import { nameOf, readAll, complain } from './text-input.ts'
import { startOrComplain } from './identity-tools.ts'
import type { Program } from './program.ts'

/** Programs that are a few lines each. */

export const trueProgram: Program = () => 0
export const falseProgram: Program = () => 1

/** Holds a pod's namespaces, or just waits: ends at TERM or INT. */
export const pause: Program = async (context) => {
  context.useMemory(524_288)
  await context.untilSignal('INT', 'TERM')
  await context.stderr.write('shutting down, got signal: Terminated\n')
  return 0
}

/** An entry script that only becomes its arguments; options alone are meant for the image's own program. */
export const execEntrypoint: Program = async (context) => {
  const command = context.argv.slice(1)
  const fallback = (context.settings as { readonly default?: string } | undefined)?.default
  if (fallback !== undefined && (command.length === 0 || command[0]!.startsWith('-'))) return startOrComplain(context, [fallback, ...command])
  return command.length === 0 ? 0 : startOrComplain(context, command)
}

export const pwd: Program = async (context) => {
  await context.stdout.write(`${context.cwd}\n`)
  return 0
}

export const kill: Program = (context) => startOrComplain(context, ['sh', '-c', 'kill "$@"', 'kill', ...context.argv.slice(1)])

export const su: Program = async (context) => {
  const words = context.argv.slice(1).filter((word) => word !== '-' && word !== '-l' && word !== 'root')
  return startOrComplain(context, ['sh', ...words])
}

/** `busybox ls …` is `ls …`; alone it lists what it can do. */
export const busybox: Program = async (context) => {
  const command = context.argv.slice(1)
  if (nameOf(context) === 'busybox' && command.length > 0 && command[0] !== '--list' && command[0] !== '--help') return startOrComplain(context, command)
  const names = context.files.list('/bin').filter((name) => name !== 'busybox')
  if (command[0] === '--list') await context.stdout.write(names.map((name) => `${name}\n`).join(''))
  else await context.stdout.write(`BusyBox v1.37.0 () multi-call binary.\n\nUsage: busybox [function [arguments]...]\n   or: busybox --list\n\nCurrently defined functions:\n\t${names.join(', ')}\n`)
  return 0
}

/** Something that has no other side here. */
export const absent =
  (text: (context: Parameters<Program>[0]) => string, code = 1): Program =>
  async (context) => {
    await complain(context, text(context))
    return code
  }

/** apk, apt-get, pip …: there is no package mirror in the simulated world. */
export const packageManager: Program = async (context) => {
  const name = nameOf(context)
  if (name === 'apk') {
    await context.sleep(400)
    await context.stderr.write('fetch https://dl-cdn.alpinelinux.org/alpine/v3.22/main/x86_64/APKINDEX.tar.gz\nWARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.22/main: temporary error (try again later)\nERROR: unable to select packages\n')
    return 1
  }
  if (name === 'dpkg') {
    await context.stderr.write('dpkg: error: need an action option\n')
    return 2
  }
  await context.sleep(400)
  await context.stderr.write("Err:1 http://deb.debian.org/debian bookworm InRelease\n  Temporary failure resolving 'deb.debian.org'\nE: Some index files failed to download. They have been ignored, or old ones used instead.\n")
  return 100
}

/** gzip, tar and other archivers only say that they cannot. */
export const archiver: Program = async (context) => {
  await complain(context, 'archives are not simulated')
  return 1
}

export const editor: Program = async (context) => {
  await complain(context, 'line editing is not simulated; use vi, or redirections')
  return 1
}

/** Prints a greeting and ends. */
export const helloWorld: Program = async (context) => {
  await context.stdout.write(
    '\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\nThe runtime found the image, made a container of it and ran the program that wrote these lines.\n\n',
  )
  return 0
}

/** Fails after a moment: `crasher [seconds] [exit code] [message]`. */
export const crasher: Program = async (context) => {
  const [seconds = '1', code = '1', ...message] = context.argv.slice(1)
  await context.stdout.write('starting\n')
  await context.sleep(Number(seconds) * 1000)
  await context.stderr.write(`${message.length > 0 ? message.join(' ') : 'panic: something went wrong'}\n`)
  return Number(code)
}

export const discard: Program = async (context) => {
  await readAll(context.stdin)
  return 0
}
