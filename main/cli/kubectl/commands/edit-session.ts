import type { KubeObject } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import { unknownFormat } from '../printing/output.ts'
import { printJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { printKyaml } from '../printing/kyaml.ts'
import { parseSource, type FileObject } from '../resources/files.ts'
import type { Info } from '../resources/visit.ts'

const preface = [
  'Please edit the object below. Lines beginning with a \'#\' will be ignored,',
  'and an empty file will abort the edit. If an error occurs while saving this file will be',
  'reopened with the relevant failures.',
  '',
]

/** How objects are written for an editor: -o of `edit`. */
interface EditFormat {
  readonly ending: string
  readonly commented: boolean
  readonly print: (object: KubeObject) => string
}

function editFormat(output: string): EditFormat {
  if (output === 'json') return { ending: '.json', commented: false, print: printJson }
  if (output === 'kyaml') return { ending: '.yaml', commented: true, print: printKyaml }
  if (output === '' || output === 'yaml') return { ending: '.yaml', commented: true, print: printYaml }
  throw unknownFormat(output, ['json', 'kyaml', 'yaml'])
}

export interface EditSession {
  readonly infos: readonly Info[]
  /** What the editor shows: the object, or the list of all. */
  readonly original: KubeObject
  readonly output: string
  /** Sends one edited object. A StatusError is shown, and what is invalid can be edited again. */
  readonly save: (edited: FileObject) => Promise<void>
  /** Checks an edited object before anything is sent. Throws CliError. */
  readonly check?: (edited: FileObject) => void
}

/** Opens the editor until what it leaves can be saved or is left unchanged. Follows kubectl's EditOptions.Run. */
export async function editUntilSaved(context: CommandContext, { infos, original, output, save, check }: EditSession): Promise<void> {
  const { streams, environment } = context
  const { ending, commented, print } = editFormat(output)
  const { editInFile } = await import('../editor.node.ts')
  const [first] = infos as readonly [Info]
  const named = `${first.resource.plural} ${JSON.stringify(first.name)}`
  const plain = print(original)
  let reasons: string[] = []
  let failed: string | undefined
  for (;;) {
    const header = commented ? [...preface, ...reasons, ...(reasons.length > 0 ? [''] : [])].map((line) => `#${line === '' ? '' : ` ${line}`}\n`).join('') : ''
    const file = editInFile(environment, header + (failed ?? plain), ending)
    const keep = (error: unknown): unknown => {
      streams.err(`A copy of your changes has been stored to "${file.path}"\n`)
      return error
    }
    const bare = withoutComments(file.text)
    if (failed !== undefined && withoutComments(failed) === bare) throw keep(new CliError('Edit cancelled, no valid changes were saved.'))
    let edited: FileObject[]
    try {
      edited = [...parseSource({ name: 'edited-file', text: bare }, true)]
      if (edited.length === 0 && bare.trim() === '') throw new CliError('the file is empty')
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      reasons = [`${named} was not valid:`, `* The edited file failed validation: ${error.message}`]
      failed = bare
      streams.err(`error: ${named} is invalid\n`)
      continue
    }
    if (withoutComments(plain) === bare) {
      file.remove()
      streams.err('Edit cancelled, no changes made.\n')
      return
    }
    try {
      for (const one of edited) check?.(one)
    } catch (error) {
      throw keep(error)
    }
    const outcome = await saveAll(context, edited, named, save, keep)
    if (outcome.retryable) {
      streams.err(`You can run \`kubectl replace -f ${file.path}\` to try this update again.\n`)
      throw new CliError('', { prefixed: false })
    }
    if (outcome.missing) {
      streams.err(`The edits you made on deleted resources have been saved to "${file.path}"\n`)
      throw new CliError('', { prefixed: false })
    }
    file.remove()
    if (outcome.reasons.length === 0) return
    reasons = outcome.reasons
    failed = bare
  }
}

interface Outcome {
  readonly reasons: string[]
  readonly retryable: boolean
  readonly missing: boolean
}

async function saveAll({ streams }: CommandContext, edited: readonly FileObject[], named: string, save: EditSession['save'], keep: (error: unknown) => unknown): Promise<Outcome> {
  const reasons: string[] = []
  let retryable = false
  let missing = false
  for (const one of edited) {
    try {
      await save(one)
    } catch (error) {
      if (!(error instanceof StatusError)) throw keep(error)
      if (error.reason === 'Invalid') {
        reasons.push(`${named} was not valid:`, ...(error.status.details?.causes ?? []).map(({ field, message }) => `* ${field ?? ''}: ${message ?? ''}`))
        streams.err(`error: ${named} is invalid\n`)
      } else if (error.reason === 'NotFound') {
        missing = true
        streams.err(`error: ${named} could not be found on the server\n`)
      } else {
        retryable = true
        streams.err(`error: ${named} could not be patched: ${error.status.message ?? ''}\n`)
      }
    }
  }
  return { reasons, retryable, missing }
}

function withoutComments(text: string): string {
  return text.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n')
}
