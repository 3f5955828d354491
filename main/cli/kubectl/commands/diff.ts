import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Difference } from '../differ.node.ts'
import { compactJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { createObject, patchObject } from '../resources/objects.ts'
import { filenameFlags } from '../resources/selection.ts'
import { fetchTarget, filesGiven, visitInfos, type Info } from '../resources/visit.ts'
import { isMissing } from '../resources/watch-until.ts'
import { fieldManagerFlag } from '../settings.ts'
import { threeWayPatch } from './apply.ts'

/** `kubectl diff`: what apply would change, as the server's dry run answers it. Exit code 1 when there is something. */
export const diffCommand: Command = {
  name: 'diff',
  use: 'diff -f FILENAME [options]',
  short: 'Diff the live version against a would-be applied version',
  failureCode: 2,
  flags: [
    ...filenameFlags,
    fieldManagerFlag('kubectl-client-side-apply'),
    { name: 'concurrency', type: 'int', default: '1', help: 'Number of objects to process in parallel when diffing against the live version.' },
    { name: 'force-conflicts', type: 'bool', help: 'If true, server-side apply will force the changes against conflicts.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'server-side', type: 'bool', help: 'If true, apply runs in the server instead of the client.' },
    { name: 'show-managed-fields', type: 'bool', help: 'If true, include managed fields in the diff.' },
  ],
  async run(context) {
    const { args, streams, environment } = context
    if (args.length > 0) throw usageError(context.path, `Unexpected args: [${args.join(' ')}]`)
    if (!filesGiven(context)) throw new CliError('must specify one of -f and -k')
    const differences: Difference[] = []
    await visitInfos(context, [], {}, async (info) => void differences.push(await difference(context, info)))
    const { runDiff } = await import('../differ.node.ts')
    const { text, differs } = runDiff(environment, differences)
    streams.out(text)
    return differs ? 1 : 0
  },
}

async function difference(context: CommandContext, info: Info): Promise<Difference> {
  const { flags } = context
  const group = info.resource.group === '' ? '' : `${info.resource.group}.`
  const name = `${group}${info.resource.version}.${info.resource.kind}.${info.namespace ?? ''}.${info.name}`
  const show = (object: KubeObject): string => printYaml(flags.bool('show-managed-fields') ? object : withoutManagers(object))
  let live: KubeObject | undefined
  try {
    live = await fetchTarget(context, info)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  const settings = { dryRun: true, fieldManager: flags.text('field-manager') }
  if (flags.bool('server-side')) {
    const manager = flags.changed('field-manager') ? flags.text('field-manager') : 'kubectl'
    const merged = await patchObject(context, info, 'apply', compactJson(info.object), { ...settings, fieldManager: manager, force: flags.bool('force-conflicts') })
    return { name, ...(live ? { before: show(live) } : {}), after: show(merged) }
  }
  if (!live) return { name, after: show(await createObject(context, info.resource, info.namespace, info.object, settings)) }
  const { kind, patch } = await threeWayPatch(live, { ...info.object, metadata: { ...info.object.metadata, annotations: { ...info.object.metadata?.annotations } } })
  const merged = Object.keys(patch as JsonObject).length === 0 ? live : await patchObject(context, info, kind, compactJson(patch), settings)
  return { name, before: show(live), after: show(merged) }
}

function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata } as KubeObject
}
