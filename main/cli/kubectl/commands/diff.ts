import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Difference } from '../differ.node.ts'
import { compactJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { createObject, patchObject } from '../resources/objects.ts'
import { allowedTypes, pruneFlags, visitPruned } from '../resources/prune.ts'
import { filenameFlags } from '../resources/selection.ts'
import { fetchTarget, filesGiven, visitInfos, type Info } from '../resources/visit.ts'
import { isMissing } from '../resources/watch-until.ts'
import { fieldManagerFlag } from '../settings.ts'
import { threeWayPatch } from './apply.ts'
import { masked } from './mask-secrets.ts'

/** `kubectl diff`: what apply would change, as the server's dry run answers it. Exit code 1 when there is something. */
export const diffCommand: Command = {
  name: 'diff',
  use: 'diff -f FILENAME [options]',
  short: 'Diff the live version against a would-be applied version',
  failureCode: 2,
  flags: [
    ...filenameFlags,
    fieldManagerFlag('kubectl-client-side-apply'),
    ...pruneFlags,
    { name: 'show-secrets', type: 'bool', default: 'false', help: 'Show the values of secrets, which are masked otherwise.' },
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
    const { flags } = context
    const differences: Difference[] = []
    const allowed = flags.bool('prune') ? await allowedTypes(context) : []
    const kept = { uids: new Set<string>(), namespaces: new Set<string>() }
    const selector = flags.text('selector')
    const { matchesSelector, parseSelector } = await import('../../../api/machinery/labels.ts')
    await visitInfos(context, [], {}, async (info) => {
      if (selector !== '' && !matchesSelector(parseSelector(selector), info.object.metadata?.labels)) return
      const { live, ...found } = await difference(context, info)
      kept.uids.add(live?.metadata?.uid ?? '')
      if (info.namespace) kept.namespaces.add(info.namespace)
      differences.push(found)
    })
    if (flags.bool('prune')) await visitPruned(context, allowed, { uids: kept.uids, namespaces: [...kept.namespaces] }, async (info) => void differences.push({ name: fileName(info), before: printYaml(info.object) }))
    const { runDiff } = await import('../differ.node.ts')
    const { text, differs } = runDiff(environment, differences)
    streams.out(text)
    return differs ? 1 : 0
  },
}

function fileName({ resource, namespace, name }: Info): string {
  return `${resource.group === '' ? '' : `${resource.group}.`}${resource.version}.${resource.kind}.${namespace ?? ''}.${name}`
}

async function difference(context: CommandContext, info: Info): Promise<Difference & { readonly live?: KubeObject | undefined }> {
  const { flags } = context
  const name = fileName(info)
  const show = (object: KubeObject): string => printYaml(flags.bool('show-managed-fields') ? object : withoutManagers(object))
  const shown = (before: KubeObject | undefined, after: KubeObject): Difference & { readonly live?: KubeObject | undefined } => {
    const [old, now] = flags.bool('show-secrets') ? [before, after] : masked(before, after)
    // Upstream's masking makes a file with a null out of a secret that is not there.
    const absent = after.kind === 'Secret' && !flags.bool('show-secrets') ? { before: 'null\n' } : {}
    return { name, ...(old ? { before: show(old) } : absent), after: show(now!), live: before }
  }
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
    return shown(live, merged)
  }
  if (!live) return shown(undefined, await createObject(context, info.resource, info.namespace, info.object, settings))
  const { kind, patch } = await threeWayPatch(live, { ...info.object, metadata: { ...info.object.metadata, annotations: { ...info.object.metadata?.annotations } } })
  const merged = Object.keys(patch as JsonObject).length === 0 ? live : await patchObject(context, info, kind, compactJson(patch), settings)
  return shown(live, merged)
}

function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata } as KubeObject
}
