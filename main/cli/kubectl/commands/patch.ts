import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { compactJson } from '../printing/go-json.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject, type PatchKind } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { fetchTarget, visitInfos } from '../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag } from '../settings.ts'

/** `kubectl patch`. */
export const patchCommand: Command = {
  name: 'patch',
  use: 'patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  short: 'Update fields of a resource',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-patch'),
    { name: 'local', type: 'bool', help: 'If true, patch will operate on the content of the file, not the server-side resource.' },
    { name: 'patch', short: 'p', type: 'string', help: 'The patch to be applied to the resource JSON file.' },
    { name: 'patch-file', type: 'string', help: 'A file containing a patch to be applied to the resource.' },
    { name: 'subresource', type: 'string', help: 'If specified, patch will operate on the subresource of the requested object.' },
    { name: 'type', type: 'string', default: 'strategic', help: 'The type of patch being provided; one of [json merge strategic]' },
  ],
  async run(context) {
    const { flags, factory } = context
    if (flags.text('patch') && flags.text('patch-file')) throw new CliError('cannot specify --patch and --patch-file together')
    if (!flags.text('patch') && !flags.text('patch-file')) throw new CliError('must specify --patch or --patch-file containing the contents of the patch')
    const kind = flags.text('type').toLowerCase()
    if (!['json', 'merge', 'strategic'].includes(kind)) throw new CliError(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.text('type'))}`)
    const dryRun = dryRunOf(context)
    operationPrinter(context, '')
    const text = flags.text('patch') || new TextDecoder().decode(await factory.connector.readFile(flags.text('patch-file')))
    const { parseYaml } = await import('../../../api/machinery/codec/yaml.ts')
    const { DecodeError } = await import('../../../api/machinery/codec/json.ts')
    let body: string
    try {
      // What looks like JSON is left to the server to read.
      body = /^\s*\{/.test(text) ? text : compactJson(parseYaml(text))
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new CliError(`unable to parse ${JSON.stringify(text)}: ${error.message.replace('error converting YAML to JSON: ', '')}`)
    }
    const subresource = flags.text('subresource')
    await visitInfos(context, context.args, { missing: () => new CliError(missingTypesText) }, async (info) => {
      const before = flags.bool('local') ? info.object : await fetchTarget(context, info, subresource)
      const here = flags.bool('local') || dryRun === 'client'
      const after = here
        ? await patchedHere(before, kind as PatchKind, JSON.parse(body))
        : await patchObject(context, info, kind as PatchKind, body, { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager'), ...(subresource ? { subresource } : {}) })
      operationPrinter(context, jsonEqual(before, after) ? 'patched (no change)' : 'patched', dryRun)(after)
    })
  },
}

async function patchedHere(object: KubeObject, kind: PatchKind, patch: unknown): Promise<KubeObject> {
  if (kind === 'json') return (await import('../../../api/machinery/json-patch.ts')).applyJsonPatch(object, patch)
  const { definitionOf } = await import('../typed.ts')
  const definition = definitionOf(object.apiVersion ?? '', object.kind ?? '')
  if (kind === 'merge' || !definition) return (await import('../../../api/machinery/merge-patch.ts')).applyMergePatch(object, patch) as KubeObject
  return (await import('../../../api/machinery/strategic-merge-patch.ts')).applyStrategicMergePatch(object as unknown as JsonObject, patch as JsonObject, definition) as unknown as KubeObject
}
