import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { withLastApplied } from '../last-applied.ts'
import { compactJson } from '../printing/go-json.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { collectInfos, type Info } from '../resources/visit.ts'
import { fieldManagerFlag, saveConfigFlag, validateFlag } from '../settings.ts'
import { editUntilSaved } from './edit-session.ts'

/** `kubectl edit`: each object in the person's editor, sent back as a patch. */
export const editCommand: Command = {
  name: 'edit',
  use: 'edit (RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit a resource on the server',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    { name: 'windows-line-endings', type: 'bool', help: 'End lines as Windows does.' },
    fieldManagerFlag('kubectl-edit'),
    saveConfigFlag,
    validateFlag,
    { name: 'output-patch', type: 'bool', help: 'Output the patch if the resource is edited.' },
    { name: 'subresource', type: 'string', help: 'If specified, edit will operate on the subresource of the requested object.' },
  ],
  async run(context) {
    const { flags } = context
    const { args } = context
    const typed = args.length === 1 && !args[0]!.includes('/')
    const infos = await collectInfos(context, args, { fetch: true, latest: true, all: typed, missing: () => new CliError(missingTypesText) })
    if (infos.length === 0) throw new CliError('edit cancelled, no objects found')
    const shown = infos.map(({ object }) => withoutManagers(object))
    const original = shown.length === 1 ? shown[0]! : ({ apiVersion: 'v1', items: shown, kind: 'List', metadata: {} } as unknown as KubeObject)
    await editUntilSaved(context, {
      infos,
      original,
      output: flags.text('output'),
      check: (edited) => checkNamespace(context, edited.object),
      save: (edited) => saveEdited(context, infos, edited.object),
    })
  },
}

function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata } as unknown as KubeObject
}

function checkNamespace({ factory }: CommandContext, object: KubeObject): void {
  const own = object.metadata?.namespace
  const wanted = factory.namespace()
  if (own && own !== wanted) throw new CliError(`the namespace from the provided object "${own}" does not match the namespace "${wanted}". You must pass '--namespace=${own}' to perform this operation.`)
}

/** Sends what was changed of one object as a patch, and says so. */
async function saveEdited(context: CommandContext, infos: readonly Info[], after: KubeObject): Promise<void> {
  const { flags, streams } = context
  const info = infos.find((one) => one.name === after.metadata?.name && one.object.kind === after.kind && one.object.apiVersion === after.apiVersion)
  if (!info) throw new CliError('At least one of apiVersion, kind and name was changed')
  const before = withoutManagers(info.object)
  const print = (word: string, object: KubeObject): void => operationPrinter(context, word)(object)
  if (jsonEqual(before, after)) return print('skipped', info.object)
  const { definitionOf } = await import('../typed.ts')
  const { createTwoWayStrategicMergePatch } = await import('../../../api/machinery/strategic-merge-diff.ts')
  const { createMergePatch } = await import('../../../api/machinery/merge-patch.ts')
  const definition = definitionOf(before.apiVersion ?? '', before.kind ?? '')
  const [from, to] = [before as unknown as JsonObject, (flags.bool('save-config') ? withLastApplied(after) : after) as unknown as JsonObject]
  const patch = definition ? createTwoWayStrategicMergePatch(from, to, definition) : createMergePatch(from, to)
  if (flags.bool('output-patch')) streams.out(`Patch: ${compactJson(patch)}\n`)
  print('edited', await patchObject(context, info, definition ? 'strategic' : 'merge', patch, { fieldManager: flags.text('field-manager'), ...(flags.text('subresource') ? { subresource: flags.text('subresource') } : {}) }))
}
