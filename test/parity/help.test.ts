import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { runOurs, runReal } from './tools.ts'

/** Help texts are in words of our own; what has to be as in the real kubectl is their frame: usage line, aliases, headings,
 *  subcommands, flags with their types and defaults, in this order. */
interface Frame {
  readonly usage: string | undefined
  readonly aliases: string | undefined
  readonly headings: readonly string[]
  readonly commands: readonly string[]
  readonly flags: readonly string[]
}

function frameOf(text: string): Frame {
  const at = text.search(/Commands.*:\n/)
  const end = Math.min(...['\nUsage:', '\nOptions:', '\nExamples:'].map((part) => text.indexOf(part)).filter((index) => index > at))
  return {
    usage: /Usage:\n {2}(.*)/.exec(text)?.[1],
    aliases: /Aliases:\n(.*)/.exec(text)?.[1],
    headings: [...text.matchAll(/^([A-Z][\w &()-]*):$/gm)].map((match) => match[1]!),
    commands: at < 0 ? [] : [...text.slice(at, end).matchAll(/^ {2}([a-z][\w-]*) {2,}\S.*$/gm)].map((match) => match[1]!),
    flags: [...text.matchAll(/^ {4,6}((?:-\w, )?--[\w-]+=.*):$/gm)].map((match) => match[1]!),
  }
}

/** Commands whose frame differs, and why. */
const accepted: Readonly<Record<string, string>> = {
  '': 'kuberc, a preference file of the real tool, is not read by ours',
  proxy: 'ours serves the API only: no files, no Unix socket',
  'top node': 'swap is not simulated',
  'top pod': 'swap is not simulated',
}
const absent = new Set(['kuberc'])

it('help texts have the frame of the real ones', async () => {
  const environment = { kubeconfig: '/dev/null', folder: tmpdir() }
  const queue: string[][] = [[]]
  const differences: string[] = []
  for (let path = queue.shift(); path; path = queue.shift()) {
    const argv = [...path, '--help']
    const [real, ours] = (await Promise.all([runReal({ argv, ...environment }), runOurs({ argv, ...environment })])).map(({ out }) => frameOf(out)) as [Frame, Frame]
    if (!(path.join(' ') in accepted) && JSON.stringify(real) !== JSON.stringify(ours)) differences.push(`${path.join(' ')}\n- ${JSON.stringify(real)}\n+ ${JSON.stringify(ours)}`)
    if (path.length < 3) for (const name of real.commands) if (!absent.has(name)) queue.push([...path, name])
  }
  expect(differences).toEqual([])
}, 120_000)
