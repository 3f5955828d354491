import type { JsonObject } from '../../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { compactJson } from '../../printing/go-json.ts'
import { objectOutputFlags, operationPrinter } from '../../printing/output.ts'
import { patchObject } from '../../resources/objects.ts'
import { filenameFlags } from '../../resources/selection.ts'
import { filesGiven, visitInfos, type Info } from '../../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag } from '../../settings.ts'

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly configMapKeyRef?: { readonly name?: string; readonly key: string }; readonly secretKeyRef?: { readonly name?: string; readonly key: string }; readonly fieldRef?: { readonly fieldPath: string }; readonly resourceFieldRef?: { readonly resource: string } }
}
export interface Container {
  readonly name: string
  readonly image?: string
  readonly env?: readonly EnvVar[]
  readonly resources?: { readonly limits?: Record<string, string>; readonly requests?: Record<string, string> }
}
export interface PodSpec {
  readonly containers?: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly serviceAccountName?: string
}

/** Flags that all `kubectl set` commands share. */
export const setFlags: readonly Flag[] = [
  ...objectOutputFlags,
  ...filenameFlags,
  dryRunFlag,
  fieldManagerFlag('kubectl-set'),
  { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
  { name: 'local', type: 'bool', help: 'If true, set will NOT contact api-server but run locally.' },
  { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
]

const templatePaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
}

export function podSpecOf(info: Info): PodSpec {
  const path = templatePaths[info.resource.kind]
  if (!path) throw new CliError(`the object is not a pod or does not have a pod template: *unstructured.Unstructured`)
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], info.object) as PodSpec
}

function withPodSpec(info: Info, podSpec: PodSpec): KubeObject {
  const put = (value: unknown, path: readonly string[]): unknown => (path.length === 0 ? podSpec : { ...(value as object), [path[0]!]: put((value as Record<string, unknown>)[path[0]!], path.slice(1)) })
  return put(info.object, templatePaths[info.resource.kind]!) as KubeObject
}

/** The objects that a `set` command acts on. */
export async function visitForSet(context: CommandContext, words: readonly string[], visit: (info: Info) => Promise<void> | void, missing = 'one or more resources must be specified as <resource> <name> or <resource>/<name>'): Promise<void> {
  const { flags } = context
  if (words.length === 0 && !filesGiven(context) && !flags.bool('local')) throw new CliError(missing)
  const online = !flags.bool('local')
  await visitInfos(context, words, { fetch: online, latest: online, local: !online, all: flags.bool('all'), selector: flags.has('selector') ? flags.text('selector') : '', categories: true }, visit)
}

/** Changes the pod spec of each object with a strategic merge patch and says so; what does not change is passed over in silence. */
export async function changePodSpecs(context: CommandContext, words: readonly string[], operation: string, change: (podSpec: PodSpec, info: Info) => PodSpec | Promise<PodSpec>): Promise<void> {
  await visitForSet(context, words, async (info) => sendChange(context, info, withPodSpec(info, await change(podSpecOf(info), info)), operation))
}

export async function sendChange(context: CommandContext, info: Info, after: KubeObject, operation: string): Promise<void> {
  const { flags } = context
  const dryRun = dryRunOf(context)
  const print = operationPrinter(context, operation, dryRun)
  const { definitionOf } = await import('../../typed.ts')
  const { createTwoWayStrategicMergePatch } = await import('../../../../api/machinery/strategic-merge-diff.ts')
  const { createMergePatch } = await import('../../../../api/machinery/merge-patch.ts')
  const definition = definitionOf(info.object.apiVersion ?? '', info.object.kind ?? '')
  const [from, to] = [info.object as unknown as JsonObject, after as unknown as JsonObject]
  const patch = definition ? createTwoWayStrategicMergePatch(from, to, definition) : createMergePatch(from, to)
  if (flags.bool('local') || dryRun === 'client') return print(after)
  if (Object.keys(patch).length === 0) return
  print(await patchObject(context, info, definition ? 'strategic' : 'merge', compactJson(patch), { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager') }))
}

/** `a=b` words are changes, the others name resources. */
export function splitWords(args: readonly string[], isChange: (word: string) => boolean): { resources: string[]; changes: string[] } {
  const resources: string[] = []
  const changes: string[] = []
  for (const arg of args) {
    if (isChange(arg)) changes.push(arg)
    else if (changes.length > 0) throw new CliError(`all resources must be specified before attribute changes: ${arg}`)
    else resources.push(arg)
  }
  return { resources, changes }
}

/** Whether a container's name fits a pattern with `*`. */
export function fits(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(name)
}
