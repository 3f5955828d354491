import type { KubeObject } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Flag } from '../flags.ts'
import { deleteObject, listObjects, objectPath, patchObject, readObject, type Target } from '../resources/objects.ts'
import { requestJson } from '../resources/requests.ts'
import { visitInfos, type Info } from '../resources/visit.ts'
import { isMissing, watchUntil } from '../resources/watch-until.ts'
import { dryRunFlag, dryRunOf, type DryRun } from '../settings.ts'

const selectorFlag: Flag = { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." }

/** `kubectl cordon`. */
export const cordonCommand: Command = {
  name: 'cordon',
  use: 'cordon NODE [options]',
  short: 'Mark node as unschedulable',
  flags: [dryRunFlag, selectorFlag],
  run: (context) => cordonNodes(context, true),
}

/** `kubectl uncordon`. */
export const uncordonCommand: Command = {
  name: 'uncordon',
  use: 'uncordon NODE [options]',
  short: 'Mark node as schedulable',
  flags: [dryRunFlag, selectorFlag],
  run: (context) => cordonNodes(context, false),
}

/** `kubectl drain`. */
export const drainCommand: Command = {
  name: 'drain',
  use: 'drain NODE [options]',
  short: 'Drain node in preparation for maintenance',
  flags: [
    dryRunFlag,
    selectorFlag,
    { name: 'chunk-size', type: 'int', default: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable.' },
    { name: 'delete-emptydir-data', type: 'bool', help: 'Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained).' },
    { name: 'disable-eviction', type: 'bool', help: 'Force drain to use delete, even if eviction is supported.' },
    { name: 'force', type: 'bool', help: 'Continue even if there are pods that do not declare a controller.' },
    { name: 'grace-period', type: 'int', default: '-1', help: 'Period of time in seconds given to each pod to terminate gracefully.' },
    { name: 'ignore-daemonsets', type: 'bool', help: 'Ignore DaemonSet-managed pods.' },
    { name: 'pod-selector', type: 'string', help: 'Label selector to filter pods on the node' },
    { name: 'skip-wait-for-delete-timeout', type: 'int', default: '0', help: 'If pod DeletionTimestamp older than N seconds, skip waiting for the pod.' },
    { name: 'timeout', type: 'duration', default: '0s', help: 'The length of time to wait before giving up, zero means infinite' },
  ],
  run: drain,
}

async function nodesOf(context: CommandContext): Promise<Info[]> {
  const { flags, args } = context
  if (args.length === 0 && !flags.text('selector')) throw usageError(context.path, `USAGE: ${context.path.split(' ')[1]} NODE [flags]`)
  if (args.length > 0 && flags.text('selector')) throw usageError(context.path, 'cannot specify both a node name and a --selector option')
  const nodes: Info[] = []
  const words = args.length > 0 ? (args.some((arg) => arg.includes('/')) ? args : ['nodes', ...args]) : ['nodes']
  await visitInfos(context, words, { fetch: true, selector: flags.text('selector') }, (info) => void nodes.push(info))
  return nodes
}

function suffix(dryRun: DryRun): string {
  return dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : ''
}

async function cordonNodes(context: CommandContext, unschedulable: boolean): Promise<void> {
  const dryRun = dryRunOf(context)
  for (const node of await nodesOf(context)) await cordonNode(context, node, unschedulable, dryRun)
}

async function cordonNode(context: CommandContext, node: Info, unschedulable: boolean, dryRun: DryRun): Promise<void> {
  const is = (node.object as { spec?: { unschedulable?: boolean } }).spec?.unschedulable === true
  const word = unschedulable ? 'cordoned' : 'uncordoned'
  if (is === unschedulable) {
    context.streams.out(`node/${node.name} already ${word}${suffix(dryRun)}\n`)
    return
  }
  if (dryRun !== 'client') await patchObject(context, node, 'strategic', { spec: { unschedulable: unschedulable ? true : null } }, { dryRun: dryRun === 'server' })
  context.streams.out(`node/${node.name} ${word}${suffix(dryRun)}\n`)
}

interface PodObject extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly volumes?: readonly { readonly emptyDir?: object }[] }
  readonly status?: { readonly phase?: string }
}

/** What stands in the way of removing a pod, or what is said when it goes (or stays) nevertheless. */
type Judgement = { readonly remove: boolean; readonly warning?: string; readonly error?: string }

async function judge(context: CommandContext, pod: PodObject): Promise<Judgement> {
  const { flags, factory } = context
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return { remove: false }
  const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  const controller = pod.metadata?.ownerReferences?.find((owner) => owner.controller)
  if (controller?.kind === 'DaemonSet' && !finished) {
    const resource = await factory.mapper().byKind('apps/v1', 'DaemonSet')
    try {
      await readObject(context, { resource, namespace: pod.metadata?.namespace, name: controller.name })
    } catch (error) {
      if (isMissing(error) && flags.bool('force')) return { remove: true, warning: `DaemonSet ${controller.name} not found` }
      return { remove: false, error: (error as Error).message }
    }
    return flags.bool('ignore-daemonsets') ? { remove: false, warning: 'ignoring DaemonSet-managed Pods' } : { remove: false, error: 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' }
  }
  if (pod.spec?.volumes?.some((volume) => volume.emptyDir) && !finished) {
    if (!flags.bool('delete-emptydir-data')) return { remove: false, error: 'cannot delete Pods with local storage (use --delete-emptydir-data to override)' }
    if (controller) return { remove: true, warning: 'deleting Pods with local storage' }
  }
  if (!controller && !finished) return flags.bool('force') ? { remove: true, warning: 'deleting Pods that declare no controller' } : { remove: false, error: 'cannot delete Pods that declare no controller (use --force to override)' }
  return { remove: true }
}

function grouped(pods: readonly { readonly text: string; readonly name: string }[]): string[] {
  const groups = new Map<string, string[]>()
  for (const { text, name } of pods) groups.set(text, [...(groups.get(text) ?? []), name])
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([text, names]) => `${text}: ${names.join(', ')}`)
}

async function drain(context: CommandContext): Promise<void> {
  const { flags, streams } = context
  const dryRun = dryRunOf(context)
  const nodes = await nodesOf(context)
  const failed: { node: string; errors: string[] }[] = []
  const drained = new Set<string>()
  for (const node of nodes) await cordonNode(context, node, true, dryRun)
  for (const node of nodes) {
    const errors = await drainNode(context, node, dryRun)
    if (errors.length === 0) {
      drained.add(node.name)
      streams.out(`node/${node.name} drained${suffix(dryRun)}\n`)
      continue
    }
    failed.push({ node: node.name, errors })
    const text = errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`
    streams.err(`error: unable to drain node ${JSON.stringify(node.name)} due to error: ${text}, continuing command...\n`)
  }
  if (failed.length === 0) return
  streams.err(`There are pending nodes to be drained:\n${failed.map(({ node }) => ` ${node}\n`).join('')}`)
  const errors = failed.flatMap((failure) => failure.errors)
  throw new CliError(errors.join('\n'), { prefixed: errors.length === 1 && flags.bool('disable-eviction') })
}

async function drainNode(context: CommandContext, node: Info, dryRun: DryRun): Promise<string[]> {
  const { flags, factory, streams } = context
  const resource = await factory.mapper().byKind('v1', 'Pod')
  const pods = await listObjects<PodObject>(context, resource, undefined, { fieldSelector: `spec.nodeName=${node.name}`, ...(flags.text('pod-selector') ? { labelSelector: flags.text('pod-selector') } : {}) })
  const judged: { pod: PodObject; verdict: Judgement; name: string }[] = []
  for (const pod of pods) judged.push({ pod, verdict: await judge(context, pod), name: `${pod.metadata?.namespace}/${pod.metadata?.name}` })
  const errors = grouped(judged.flatMap(({ verdict, name }) => (verdict.error ? [{ text: verdict.error, name }] : [])))
  if (errors.length > 0) return errors
  const warnings = grouped(judged.flatMap(({ verdict, name }) => (verdict.warning ? [{ text: verdict.warning, name }] : [])))
  if (warnings.length > 0) streams.err(`Warning: ${warnings.join('; ')}\n`)
  const going = judged.filter(({ verdict }) => verdict.remove)
  for (const { name } of going) streams.out(`evicting pod ${name}${suffix(dryRun)}\n`)
  if (dryRun !== 'none') return []
  const outcomes = await Promise.all(going.map(({ pod, name }) => evict(context, { resource, namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? '' }, pod, name)))
  return outcomes.filter((outcome) => outcome !== undefined)
}

async function evict(context: CommandContext, target: Target, pod: PodObject, name: string): Promise<string | undefined> {
  const { flags, streams, environment } = context
  const grace = flags.int('grace-period')
  const limitMs = flags.duration('timeout')
  const end = limitMs > 0 ? environment.now() + limitMs : Infinity
  const deleteOptions = grace >= 0 ? { deleteOptions: { gracePeriodSeconds: grace } } : { deleteOptions: {} }
  for (;;) {
    try {
      if (flags.bool('disable-eviction')) await deleteObject(context, target, grace >= 0 ? { gracePeriodSeconds: grace } : {})
      else await requestJson(context, 'POST', objectPath(target.resource, target.namespace, target.name, 'eviction'), {}, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: target.name, namespace: target.namespace }, ...deleteOptions })
      break
    } catch (error) {
      if (isMissing(error)) return undefined
      if (!(error instanceof StatusError) || error.reason !== 'TooManyRequests') return `error when evicting pods/${JSON.stringify(target.name)} -n ${JSON.stringify(target.namespace)}: ${(error as Error).message}`
      if (environment.now() > end) return `global timeout reached: ${flags.text('timeout')}`
      streams.err(`error when evicting pods/${JSON.stringify(target.name)} -n ${JSON.stringify(target.namespace)} (will retry after 5s): ${error.message}\n`)
      await environment.sleep(5_000)
      streams.out(`evicting pod ${name}\n`)
    }
  }
  const gone = await watchUntil(context, target, end === Infinity ? 0 : Math.max(end - environment.now(), 1), (object) => (object === undefined || object.metadata?.uid !== pod.metadata?.uid ? 'done' : 'go on'))
  if (!gone) return `error when waiting for pod ${JSON.stringify(target.name)} in namespace ${JSON.stringify(target.namespace)} to terminate: global timeout reached: ${flags.text('timeout')}`
  streams.out(`pod/${target.name} ${flags.bool('disable-eviction') ? 'deleted' : 'evicted'}\n`)
  return undefined
}

