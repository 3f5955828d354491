import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError, usageError } from '../../cli-error.ts'
import type { CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { saveConfiguration, withStructConfiguration } from '../../last-applied.ts'
import { objectOutputFlags, operationPrinter } from '../../printing/output.ts'
import { createObject } from '../../resources/objects.ts'
import { filenameFlags } from '../../resources/selection.ts'
import { collectInfos, filesGiven, infoOf, visitInfos } from '../../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, saveConfigFlag, validateFlag, validationOf } from '../../settings.ts'
import { withSource } from '../../status-error-text.ts'

/** Flags of every `create` subcommand. */
export const createFlags: readonly Flag[] = [...objectOutputFlags, dryRunFlag, fieldManagerFlag('kubectl-create'), saveConfigFlag, validateFlag]

/** The one NAME argument. */
export function nameArgument(context: CommandContext, args: readonly string[] = context.args): string {
  if (args.length !== 1) throw usageError(context.path, `exactly one NAME is required, got ${args.length}`)
  return args[0]!
}

export interface MadeObject {
  /** Fields in the order of upstream's struct. */
  readonly object: KubeObject
  readonly namespaced: boolean
  /** `failed to create deployment`: said before the server's complaint. */
  readonly failure?: string
}

/** What all subcommands do with the object that they made: send it unless it is a dry run, and print it. */
export async function createMade(context: CommandContext, { object, namespaced, failure }: MadeObject): Promise<void> {
  const { factory, flags } = context
  const dryRun = dryRunOf(context)
  const print = operationPrinter(context, 'created', dryRun)
  const { inStructOrder } = await import('../../typed.ts')
  const namespace = namespaced ? factory.namespace() : undefined
  const named = namespaced && factory.namespaceIsExplicit() ? ({ ...object, metadata: { ...object.metadata, namespace } } as KubeObject) : object
  const made = flags.bool('save-config') ? withStructConfiguration(named, inStructOrder(named)) : named
  const fieldValidation = validationOf(context)
  if (dryRun === 'client') return print(inStructOrder(made))
  const resource = await factory.mapper().byKind(object.apiVersion!, object.kind!)
  try {
    print(inStructOrder(await createObject(context, resource, namespace, made, { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager'), fieldValidation })))
  } catch (error) {
    throw failure ? new CliError(`${failure}: ${(error as Error).message}`) : error
  }
}

/** `kubectl create -f`. */
export async function createFromFiles(context: CommandContext): Promise<void> {
  const { flags, args } = context
  if (args.length > 0) throw usageError(context.path, `Unexpected args: [${args.join(' ')}]`)
  if (!filesGiven(context)) throw new CliError('must specify one of -f and -k')
  if (flags.text('raw')) return sendRaw(context, 'POST')
  const dryRun = dryRunOf(context)
  const print = operationPrinter(context, 'created', dryRun)
  const fieldValidation = validationOf(context)
  if (flags.bool('edit')) return createEdited(context)
  let count = 0
  await visitInfos(context, [], { validate: fieldValidation !== 'Ignore' }, async (info) => {
    let object: KubeObject = saveConfiguration(info.object, flags.bool('save-config'))
    if (dryRun !== 'client') {
      try {
        object = await createObject(context, info.resource, info.namespace, object, { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager'), fieldValidation })
      } catch (error) {
        throw withSource(error, 'creating', info.source)
      }
    }
    count++
    print(object)
  })
  if (count === 0) throw new CliError('no objects passed to create')
}

/** `create --edit`: the objects of the files in an editor, then what it leaves of them. */
async function createEdited(context: CommandContext): Promise<void> {
  const { flags } = context
  const infos = await collectInfos(context, [], {})
  if (infos.length === 0) throw new CliError('no objects passed to create')
  const { editUntilSaved } = await import('../edit-session.ts')
  const objects = infos.map(({ object }) => object as KubeObject)
  const original = objects.length === 1 ? objects[0]! : ({ apiVersion: 'v1', items: objects, kind: 'List', metadata: {} } as unknown as KubeObject)
  const print = operationPrinter(context, 'created')
  await editUntilSaved(context, {
    infos,
    original,
    output: flags.text('output'),
    save: async (edited) => {
      const info = await infoOf(context, edited)
      print(await createObject(context, info.resource, info.namespace, saveConfiguration(info.object, flags.bool('save-config')), { fieldManager: flags.text('field-manager') }))
    },
  })
}

/** Sends the one file as it is to a path of the server, and prints the answer. */
export async function sendRaw(context: CommandContext, method: 'POST' | 'PUT'): Promise<void> {
  const { fileSources } = await import('../../resources/files.ts')
  const sources = await fileSources(context)
  if (sources.length !== 1) throw new CliError('--raw can only use a single local file or stdin')
  const { readBody } = await import('../../resources/requests.ts')
  const { StatusError } = await import('../../../../api/machinery/status-error.ts')
  const response = await context.factory.client().raw(method, context.flags.text('raw'), new TextEncoder().encode(sources[0]!.text), { 'content-type': 'application/json' })
  const text = readBody(response)
  if (response.status >= 400) throw new StatusError((/^\s*\{/.test(text) ? JSON.parse(text) : { kind: 'Status', status: 'Failure', code: response.status, ...(response.status === 404 ? { reason: 'NotFound', message: 'the server could not find the requested resource' } : { message: text.trim() }) }) as never)
  context.streams.out(`${text}\n`)
}

/** Flags of `create -f` itself. */
export const createFileFlags: readonly Flag[] = [
  ...createFlags,
  ...filenameFlags,
  { name: 'edit', type: 'bool', help: 'Edit the API resource before creating' },
  { name: 'raw', type: 'string', help: 'Raw URI to POST to the server.  Uses the transport specified by the kubeconfig file.' },
  { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
  { name: 'windows-line-endings', type: 'bool', help: 'Only relevant if --edit=true. Defaults to the line ending native to your platform.' },
]

