import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { lastAppliedAnnotation } from '../../last-applied.ts'
import { nameOf, objectFormats, objectOutputFlags, objectPrinter, operationPrinter } from '../../printing/output.ts'
import { typeName } from '../../resources/mapper.ts'
import { patchObject } from '../../resources/objects.ts'
import { filenameFlags } from '../../resources/selection.ts'
import { filesGiven, visitInfos, type Info } from '../../resources/visit.ts'
import { watchUntil } from '../../resources/watch-until.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag } from '../../settings.ts'
import { isCurrent, storedRevisions, storedRollback } from './controller-revisions.ts'
import { historyTable, revisionAnnotation, revisionsOf, rollbackRevision, sameTemplate, withoutHash, type Revision } from './history.ts'
import { rolloutStatus, type Workload } from './status.ts'

const selectorFlag: Flag = { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." }
const shared: readonly Flag[] = [...objectOutputFlags, ...filenameFlags, selectorFlag]

async function visit(context: CommandContext, act: (info: Info) => Promise<void>): Promise<void> {
  if (context.args.length === 0 && !filesGiven(context)) throw new CliError('required resource not specified')
  const { flags, args } = context
  const all = args.length === 1 && !args[0]!.includes('/') && !flags.text('selector')
  await visitInfos(context, args, { fetch: true, latest: true, selector: flags.text('selector'), all }, act)
}

const status: Command = {
  name: 'status',
  use: 'rollout status (TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'Show the status of the rollout',
  flags: [
    ...filenameFlags,
    selectorFlag,
    { name: 'revision', type: 'int', default: '0', help: 'Pin to a specific revision for showing its status. Defaults to 0 (last revision).' },
    { name: 'timeout', type: 'duration', default: '0s', help: 'The length of time to wait before ending watch, zero means never. Any other values should contain a corresponding time unit (e.g. 1s, 2m, 3h).' },
    { name: 'watch', short: 'w', type: 'bool', default: 'true', help: "Watch the status of the rollout until it's done." },
  ],
  run: (context) =>
    visit(context, async (info) => {
      const { flags, streams } = context
      const revision = flags.int('revision')
      rolloutStatus(info.object as Workload, revision)
      const finished = await watchUntil(context, info, flags.duration('timeout'), (object, type) => {
        if (!object) {
          if (type === 'DELETED') throw new CliError('object has been deleted')
          return 'go on'
        }
        const { text, done } = rolloutStatus(object as Workload, revision)
        streams.out(text)
        return done || !flags.bool('watch') ? 'done' : 'go on'
      })
      if (!finished) throw new CliError('timed out waiting for the condition')
    }),
}

const history: Command = {
  name: 'history',
  use: 'rollout history (TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'View rollout history',
  flags: [...shared, { name: 'revision', type: 'int', default: '0', help: 'See the details, including podTemplate of the revision specified' }],
  run: (context) =>
    visit(context, async (info) => {
      const { flags, streams } = context
      const revision = flags.int('revision')
      if (revision < 0) throw new CliError(`revision must be a positive integer: ${revision}`)
      const revisions = await historyOf(context, info, 'history viewer', 'history')
      const print = objectPrinter(context, objectFormats)
      if (print) {
        for (const { number, object, shown = object } of revisions) if (revision === 0 || number === revision) streams.out(print(shown))
        return
      }
      if (revision === 0) {
        streams.out(`${nameOf(info.object)} \n${historyTable(revisions)}\n`)
        return
      }
      const found = revisions.find(({ number }) => number === revision)
      if (!found) throw new CliError(`unable to find the specified revision`)
      const { podTemplateText } = await import('../../printing/pod-template.ts')
      streams.out(`${nameOf(info.object)} with revision #${revision}\n${podTemplateText(found.template, found.object.metadata?.annotations)}\n`)
    }),
}

/** Revisions of whatever keeps some; other kinds are refused with the name of the tool that upstream looks for. */
async function historyOf(context: CommandContext, info: Info, tool: string, short: string): Promise<Revision[]> {
  if (info.resource.kind === 'Deployment') return revisionsOf(context, info)
  if (info.resource.kind === 'DaemonSet' || info.resource.kind === 'StatefulSet') return storedRevisions(context, info)
  throw unsupported(info, tool, short)
}

/** Kinds that upstream's kind visitor knows are told apart from those it does not. */
function unsupported({ resource }: Info, tool: string, short: string): CliError {
  const visited = ['Pod', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob', 'DaemonSet', 'StatefulSet'].includes(resource.kind)
  return new CliError(visited ? `no ${tool} has been implemented for ${JSON.stringify(resource.kind)}` : `error retrieving ${short} for ${JSON.stringify(resource.kind)}, no visitor method exists for {${resource.group} ${resource.kind}}`)
}

/** An error about one object, as set.CalculatePatch words it: `deployments.apps "x" is already paused`. */
function about(info: Info, words: string): CliError {
  return new CliError(`${typeName(info.resource)} ${JSON.stringify(info.name)} ${words}`)
}

function setPaused(name: 'pause' | 'resume', short: string): Command {
  const paused = name === 'pause'
  return {
    name,
    use: `rollout ${name} RESOURCE [options]`,
    short,
    flags: [...shared, fieldManagerFlag('kubectl-rollout')],
    run: (context) =>
      visit(context, async (info) => {
        if (info.resource.kind !== 'Deployment') throw about(info, paused ? 'pausing is not supported' : 'resuming is not supported')
        const is = (info.object as Workload).spec?.paused === true
        if (is === paused) throw about(info, paused ? 'is already paused' : 'is not paused')
        const object = await patchObject(context, info, 'strategic', { spec: { paused: paused ? true : null } }, { fieldManager: context.flags.text('field-manager') })
        operationPrinter(context, paused ? 'paused' : 'resumed')(object)
      }),
  }
}

const restart: Command = {
  name: 'restart',
  use: 'rollout restart RESOURCE [options]',
  short: 'Restart a resource',
  flags: [...shared, fieldManagerFlag('kubectl-rollout')],
  run: (context) =>
    visit(context, async (info) => {
      const { environment, flags } = context
      if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(info.resource.kind)) throw about(info, 'restarting is not supported')
      if ((info.object as Workload).spec?.paused) throw about(info, "can't restart paused deployment (run rollout resume first)")
      const now = new Date(environment.now()).toISOString().replace(/\.\d+Z$/, 'Z')
      const template = (info.object as { spec?: { template?: { metadata?: { annotations?: Record<string, string> } } } }).spec?.template
      if (template?.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] === now) throw new CliError(`failed to create patch for ${info.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`)
      const patch = { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': now } } } } }
      operationPrinter(context, 'restarted')(await patchObject(context, info, 'strategic', patch, { fieldManager: flags.text('field-manager') }))
    }),
}

const skippedAnnotations = [lastAppliedAnnotation, revisionAnnotation, 'deployment.kubernetes.io/revision-history', 'deployment.kubernetes.io/desired-replicas', 'deployment.kubernetes.io/max-replicas', 'deprecated.deployment.rollback.to']

const undo: Command = {
  name: 'undo',
  use: 'rollout undo (TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'Undo a previous rollout',
  flags: [...shared, dryRunFlag, { name: 'to-revision', type: 'int', default: '0', help: 'The revision to rollback to. Default to 0 (last revision).' }],
  run: (context) =>
    visit(context, async (info) => {
      const { flags, streams } = context
      const dryRun = dryRunOf(context)
      if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(info.resource.kind)) throw unsupported(info, 'rollbacker', 'rollbacker')
      if (info.object.metadata?.annotations?.[lastAppliedAnnotation] !== undefined) {
        streams.err(`Warning: resource ${info.resource.plural}/${info.name} was previously managed with 'kubectl apply'. Rolling back will not update the ${lastAppliedAnnotation} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`)
      }
      if (info.resource.kind !== 'Deployment') return undoStored(context, info)
      const deployment = info.object as Workload
      if (flags.int('to-revision') < 0) throw new CliError(`revision must be a positive integer: ${flags.int('to-revision')}`)
      const target = rollbackRevision(await revisionsOf(context, info), flags.int('to-revision'), info.name)
      if (dryRun === 'client') {
        const { podTemplateText } = await import('../../printing/pod-template.ts')
        return operationPrinter(context, podTemplateText(target.template, undefined), dryRun)(info.object)
      }
      if (deployment.spec?.paused) throw new CliError("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again")
      if (sameTemplate(target.template, deployment.spec?.template ?? {})) return operationPrinter(context, `skipped rollback (current template already matches revision ${flags.int('to-revision')})`, dryRun)(info.object)
      const own = info.object.metadata?.annotations ?? {}
      const annotations = {
        ...Object.fromEntries(skippedAnnotations.filter((key) => own[key] !== undefined).map((key) => [key, own[key]])),
        ...Object.fromEntries(Object.entries(target.object.metadata?.annotations ?? {}).filter(([key]) => !skippedAnnotations.includes(key))),
      }
      const patch = [
        { op: 'replace', path: '/spec/template', value: withoutHash(target.template) },
        { op: 'replace', path: '/metadata/annotations', value: annotations },
      ]
      const object: KubeObject = await patchObject(context, info, 'json', patch, { dryRun: dryRun === 'server' })
      operationPrinter(context, 'rolled back', dryRun)(object)
    }),
}

/** Daemon sets and stateful sets go back by the patch that their revision holds. */
async function undoStored(context: CommandContext, info: Info): Promise<void> {
  const { flags } = context
  const dryRun = dryRunOf(context)
  const to = flags.int('to-revision')
  if (to < 0) throw new CliError(`unable to find specified revision ${to} in history`)
  const target = storedRollback(await storedRevisions(context, info), to)
  if (dryRun === 'client') {
    const { podTemplateText } = await import('../../printing/pod-template.ts')
    return operationPrinter(context, `will roll back to ${podTemplateText(target.template, undefined)}`, dryRun)(info.object)
  }
  if (isCurrent(info, target)) return operationPrinter(context, `skipped rollback (current template already matches revision ${to})`, dryRun)(info.object)
  const object: KubeObject = await patchObject(context, info, 'strategic', target.patch, { dryRun: dryRun === 'server' })
  operationPrinter(context, 'rolled back', dryRun)(object)
}

/** `kubectl rollout`. */
export const rolloutCommand: Command = {
  name: 'rollout',
  use: 'rollout SUBCOMMAND [options]',
  short: 'Manage the rollout of a resource',
  helpOnOutput: true,
  long: 'Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets',
  subcommands: [history, setPaused('pause', 'Mark the provided resource as paused'), restart, setPaused('resume', 'Resume a paused resource'), status, undo],
}
