import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { withLastApplied } from '../last-applied.ts'
import { printJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { visitInfos } from '../resources/visit.ts'
import { fieldManagerFlag, saveConfigFlag, validateFlag } from '../settings.ts'

const preface = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`

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
    const { flags, streams, environment } = context
    const { editText } = await import('../editor.node.ts')
    const { parseYaml } = await import('../../../api/machinery/codec/yaml.ts')
    const asJson = flags.text('output') === 'json'
    await visitInfos(context, context.args, { fetch: true, latest: true, missing: () => new CliError(missingTypesText) }, async (info) => {
      const { managedFields: _, ...metadata } = info.object.metadata ?? {}
      const shown = { ...info.object, metadata } as unknown as KubeObject
      const text = (asJson ? '' : preface) + (asJson ? printJson(shown) : printYaml(shown))
      const edited = await editText(environment, text, asJson ? '.json' : '.yaml')
      if (edited === text) return streams.err('Edit cancelled, no changes made.\n')
      const bare = edited.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n')
      if (bare.trim() === '') return streams.err('Edit cancelled, saved file was empty.\n')
      const after = parseYaml(bare) as KubeObject
      if (jsonEqual(shown, after)) return streams.err('Edit cancelled, no changes made.\n')
      if (after.apiVersion !== shown.apiVersion || after.kind !== shown.kind || after.metadata?.name !== shown.metadata?.name) throw new CliError('At least one of apiVersion, kind and name was changed')
      const { definitionOf } = await import('../typed.ts')
      const { createTwoWayStrategicMergePatch } = await import('../../../api/machinery/strategic-merge-diff.ts')
      const { createMergePatch } = await import('../../../api/machinery/merge-patch.ts')
      const definition = definitionOf(shown.apiVersion ?? '', shown.kind ?? '')
      const [from, to] = [shown as unknown as JsonObject, (flags.bool('save-config') ? withLastApplied(after) : after) as unknown as JsonObject]
      const patch = definition ? createTwoWayStrategicMergePatch(from, to, definition) : createMergePatch(from, to)
      if (flags.bool('output-patch')) streams.out(`Patch: ${JSON.stringify(patch)}\n`)
      const object = await patchObject(context, info, definition ? 'strategic' : 'merge', patch, { fieldManager: flags.text('field-manager'), ...(flags.text('subresource') ? { subresource: flags.text('subresource') } : {}) })
      operationPrinter(context, 'edited')(object)
    })
  },
}
