import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { configurationOf, lastAppliedAnnotation } from '../last-applied.ts'
import { printJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { fetchTarget, filesGiven, visitInfos } from '../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, validateFlag } from '../settings.ts'

/** `kubectl apply view-last-applied`. */
export const viewLastAppliedCommand: Command = {
  name: 'view-last-applied',
  use: 'apply view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]',
  short: 'View the latest last-applied-configuration annotations of a resource/object',
  flags: [
    ...filenameFlags,
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
    { name: 'output', short: 'o', type: 'string', default: 'yaml', help: 'Output format. Must be one of (yaml, json)' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
  ],
  async run(context) {
    const { flags, streams, args } = context
    const output = flags.text('output')
    if (output !== 'yaml' && output !== 'json') throw new CliError(`Unexpected -o output mode: ${output}, the flag 'output' must be one of yaml|json\nSee 'kubectl apply view-last-applied -h' for help and examples`)
    await visitInfos(context, args, { fetch: true, latest: true, all: flags.bool('all'), selector: flags.text('selector'), missing: () => new CliError(missingTypesText) }, (info) => {
      const text = info.object.metadata?.annotations?.[lastAppliedAnnotation]
      if (text === undefined) return
      const clean = JSON.parse(text) as KubeObject
      streams.out(output === 'yaml' ? printYaml(clean) : printJson(clean).replaceAll(/^( +)/gm, (spaces) => ' '.repeat(spaces.length / 2)))
    })
  },
}

/** `kubectl apply set-last-applied`. */
export const setLastAppliedCommand: Command = {
  name: 'set-last-applied',
  use: 'apply set-last-applied -f FILENAME [options]',
  short: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
  flags: [...objectOutputFlags, filenameFlags[0]!, dryRunFlag, { name: 'create-annotation', type: 'bool', help: "Will create 'last-applied-configuration' annotations if current objects doesn't have one" }],
  async run(context) {
    const { flags } = context
    if (!filesGiven(context)) throw new CliError('must specify one of -f and -k')
    const dryRun = dryRunOf(context)
    const print = operationPrinter(context, 'configured', dryRun)
    await visitInfos(context, [], {}, async (info) => {
      const live = await fetchTarget(context, info)
      const before = live.metadata?.annotations?.[lastAppliedAnnotation]
      if (before === undefined && !flags.bool('create-annotation')) {
        throw new CliError(`no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`)
      }
      const configuration = configurationOf(info.object)
      if (before === configuration || dryRun === 'client') return print(live)
      print(await patchObject(context, info, 'merge', { metadata: { annotations: { [lastAppliedAnnotation]: configuration } } }, { dryRun: dryRun === 'server' }))
    })
  },
}

/** `kubectl apply edit-last-applied`. */
export const editLastAppliedCommand: Command = {
  name: 'edit-last-applied',
  use: 'apply edit-last-applied (RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit latest last-applied-configuration annotations of a resource/object',
  flags: [...objectOutputFlags, ...filenameFlags, fieldManagerFlag('kubectl-client-side-apply'), validateFlag, { name: 'windows-line-endings', type: 'bool', help: 'End lines as Windows does.' }],
  async run(context) {
    const { editText } = await import('../editor.node.ts')
    const { parseYaml } = await import('../../../api/machinery/codec/yaml.ts')
    const print = operationPrinter(context, 'edited')
    await visitInfos(context, context.args, { fetch: true, latest: true }, async (info) => {
      const text = info.object.metadata?.annotations?.[lastAppliedAnnotation]
      if (text === undefined) throw new CliError(`no last-applied-configuration annotation found on resource: ${info.name}`)
      const edited = await editText(context.environment, printYaml(JSON.parse(text)), '.yaml')
      const configuration = configurationOf(parseYaml(edited) as KubeObject)
      print(await patchObject(context, info, 'merge', { metadata: { annotations: { [lastAppliedAnnotation]: configuration } } }))
    })
  },
}
