import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { typeName } from '../resources/mapper.ts'
import { nameOf } from '../printing/output.ts'
import { deleteObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { filesGiven, visitInfos, type Info } from '../resources/visit.ts'
import { isMissing, watchUntil } from '../resources/watch-until.ts'
import { dryRunFlag, dryRunOf } from '../settings.ts'
import { withSource } from '../status-error-text.ts'

/** `kubectl delete`. */
export const deleteCommand: Command = {
  name: 'delete',
  use: 'delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]',
  short: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  flags: [
    ...filenameFlags,
    dryRunFlag,
    { name: 'all', type: 'bool', help: 'Delete all resources, in the namespace of the specified resource types.' },
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces.' },
    { name: 'cascade', type: 'string', default: 'background', bare: 'background', help: 'Must be "background", "orphan", or "foreground".' },
    { name: 'field-selector', type: 'string', help: "Selector (field query) to filter on, supports '=', '==', and '!='." },
    { name: 'force', type: 'bool', help: 'If true, immediately remove resources from API and bypass graceful deletion.' },
    { name: 'grace-period', type: 'int', default: '-1', help: 'Period of time in seconds given to the resource to terminate gracefully.' },
    { name: 'ignore-not-found', type: 'bool', help: 'Treat "resource not found" as a successful delete.' },
    { name: 'interactive', short: 'i', type: 'bool', help: 'If true, delete resource only when user confirms.' },
    { name: 'now', type: 'bool', help: 'If true, resources are signaled for immediate shutdown (same as --grace-period=1).' },
    { name: 'output', short: 'o', type: 'string', help: 'Output mode. Use "-o name" for shorter output (resource/name).' },
    { name: 'raw', type: 'string', help: 'Raw URI to DELETE to the server.  Uses the transport specified by the kubeconfig file.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'timeout', type: 'duration', default: '0s', help: 'The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object' },
    { name: 'wait', type: 'bool', default: 'true', help: 'If true, wait for resources to be gone before returning. This waits for finalizers.' },
  ],
  run,
}

/** What --cascade means to the server. */
export function propagationOf(text: string): string {
  const policies: Readonly<Record<string, string>> = { background: 'Background', true: 'Background', foreground: 'Foreground', orphan: 'Orphan', false: 'Orphan' }
  const policy = policies[text]
  if (!policy) throw new CliError(`invalid cascade value (${text}). Must be "background", "foreground", or "orphan"`)
  return policy
}

async function run(context: CommandContext): Promise<void> {
  const { flags, args, streams, factory } = context
  const propagationPolicy = propagationOf(flags.text('cascade'))
  const dryRun = dryRunOf(context)
  const force = flags.bool('force')
  if (flags.text('raw')) return deleteRaw(context)
  if (args.length === 0 && !filesGiven(context)) throw new CliError(missingTypesText)
  const bySelector = flags.bool('all') || flags.text('selector') !== '' || flags.text('field-selector') !== ''
  let grace = flags.int('grace-period')
  if (flags.bool('now')) {
    if (grace !== -1) throw new CliError('--now and --grace-period cannot be specified together')
    grace = 1
  }
  if (grace === 0 && !force) grace = 1
  if (force && grace < 0) grace = 0
  if (flags.bool('all') && (flags.text('selector') || flags.text('field-selector'))) throw new CliError("setting 'all' parameter but found a non empty selector. ")
  const output = flags.text('output')
  if (output !== '' && output !== 'name') throw new CliError(`unexpected -o output mode: ${output}. We only support '-o name'`)
  const ignoreNotFound = flags.changed('ignore-not-found') ? flags.bool('ignore-not-found') : bySelector
  const infos: Info[] = []
  const errors: unknown[] = []
  let warned = false
  const warn = (): void => {
    if (warned) return
    warned = true
    if (force && grace > 0) throw new CliError('--force and --grace-period greater than 0 cannot be specified together')
    if (force && grace === 0) streams.err('Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n')
  }
  if (!filesGiven(context)) await checkNames(args, bySelector)
  warn()
  let warnedScope = false
  const deleteOne = async (info: Info): Promise<void> => {
    if (factory.namespaceIsExplicit() && !info.resource.namespaced && !warnedScope && !filesGiven(context)) {
      warnedScope = true
      streams.err('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n')
    }
    let uid = info.object.metadata?.uid
    if (dryRun !== 'client') {
      try {
        const answer = (await deleteObject(context, info, { propagationPolicy, dryRun: dryRun === 'server', ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}) })) as KubeObject & { details?: { uid?: string } }
        uid = answer.details?.uid ?? answer.metadata?.uid ?? uid
      } catch (error) {
        if (ignoreNotFound && isMissing(error)) return
        throw info.source === '' ? error : withSource(error, 'deleting', info.source)
      }
    }
    infos.push({ ...info, object: { ...info.object, metadata: { ...info.object.metadata, ...(uid ? { uid } : {}) } } as Info['object'] })
    streams.out(line(context, info, grace === 0 && force, dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : ''))
  }
  const visits = { all: flags.bool('all'), selector: flags.text('selector'), fieldSelector: flags.text('field-selector'), allNamespaces: flags.bool('all-namespaces'), categories: true }
  const doomed: Info[] = []
  try {
    await visitInfos(context, args, visits, async (info) => {
      if (flags.bool('interactive')) doomed.push(info)
      else await deleteOne(info)
    })
  } catch (error) {
    errors.push(...((error as { errors?: unknown[] }).errors ?? [error]))
  }
  if (flags.bool('interactive') && doomed.length > 0) {
    streams.out(`You are about to delete the following ${doomed.length} resource(s):\n${doomed.map((info) => `${nameOf(info.object)}\n`).join('')}Do you want to continue? [y/N]: `)
    const answer = new TextDecoder().decode(await streams.readInput()).trim().toLowerCase()
    if (answer !== 'y' && answer !== 'yes') {
      streams.out('deletion is cancelled\n')
      return
    }
    for (const info of doomed) await deleteOne(info)
  }
  const { throwCollected } = await import('../cli-error.ts')
  throwCollected(errors)
  if (infos.length === 0) {
    if (filesGiven(context) || bySelector) streams.out('No resources found\n')
    return
  }
  if (!flags.bool('wait') || dryRun !== 'none') return
  for (const info of infos) {
    if (!info.resource.verbs.includes('watch')) continue
    const gone = await watchUntil(context, info, flags.duration('timeout'), (object) => (object === undefined || (info.object.metadata?.uid && object.metadata?.uid !== info.object.metadata.uid) ? 'done' : 'go on'))
    if (!gone) throw new CliError(`timed out waiting for the condition on ${typeName(info.resource)}/${info.name}`)
  }
}

/** Names and selectors do not go together; said before the server is asked anything. */
async function checkNames(args: readonly string[], bySelector: boolean): Promise<void> {
  const named = args.length > 1 || args.some((arg) => arg.includes('/'))
  if (bySelector && named) throw new CliError('name cannot be provided when a selector is specified')
  if (!bySelector && !named) throw new CliError('resource(s) were provided, but no name was specified')
}

function line(context: CommandContext, info: Info, forced: boolean, suffix: string): string {
  const kind = info.resource.kind.toLowerCase()
  const type = info.resource.group === '' ? kind : `${kind}.${info.resource.group}`
  if (context.flags.text('output') === 'name') return `${type}/${info.name}\n`
  return `${type} "${info.name}" ${forced ? 'force deleted' : 'deleted'}${info.namespace ? ` from ${info.namespace} namespace` : ''}${suffix}\n`
}

async function deleteRaw(context: CommandContext): Promise<void> {
  const { readBody } = await import('../resources/requests.ts')
  const { StatusError } = await import('../../../api/machinery/status-error.ts')
  const response = await context.factory.client().raw('DELETE', context.flags.text('raw'))
  if (response.status >= 400) throw new StatusError(JSON.parse(readBody(response)) as never)
  context.streams.out(readBody(response))
}
