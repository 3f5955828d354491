import type { Container, Node, Pod } from '../../../../api/generated/types.ts'
import type { JsonObject } from '../../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { attachOrShowLog, containerStatus, waitForPod } from '../../pods/attach-when-running.ts'
import { compactJson } from '../../printing/go-json.ts'
import { createObject, deleteObject, patchObject } from '../../resources/objects.ts'
import { collectInfos, filesGiven, type Info } from '../../resources/visit.ts'
import { definitionOf } from '../../typed.ts'
import { namedObject } from '../../pods/choose-pod.ts'
import { checkDebugFlags } from './check-flags.ts'
import { copyForDebugging } from './pod-copy.ts'
import { profiledContainer, profiledNodeSpec, profileNamed } from './profiles.ts'

const pair = (value: string): string | undefined => (/^[^=]+=/.test(value) ? undefined : `${value} must be formatted as key=value`)
const keep = (what: string, text: string, given = 'false'): Flag => ({ name: `keep-${what}`, type: 'bool', default: given, help: text })

/** `kubectl debug`: an ephemeral container in a pod, a changed copy of a pod, or a pod on a node. */
export const debugCommand: Command = {
  name: 'debug',
  use: 'debug (POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]',
  short: 'Create debugging sessions for troubleshooting workloads and nodes',
  long: 'Look into a workload or a node with a container of tools beside it.',
  flags: [
    { name: 'arguments-only', type: 'bool', help: 'What follows -- are arguments of the container, not its command.' },
    { name: 'attach', type: 'bool', help: 'Wait for the container to run, then attach to it. The default with -i.' },
    { name: 'container', short: 'c', type: 'string', help: 'Name of the debugging container.' },
    { name: 'copy-to', type: 'string', help: 'Debug a copy of the pod that gets this name.' },
    { name: 'custom', type: 'string', help: 'A file with a partial container, JSON or YAML, that is put over what the profile made.' },
    { name: 'env', type: 'array', check: pair, help: 'Environment variables of the container.' },
    { name: 'filename', short: 'f', type: 'list', help: 'Files that name what to debug.' },
    { name: 'image', type: 'string', help: 'Image of the debugging container.' },
    { name: 'image-pull-policy', type: 'string', help: 'When the image is pulled. Left to the server unless given.' },
    keep('annotations', 'Keep the annotations of the pod in its copy.'),
    keep('init-containers', 'Keep the init containers of the pod in its copy.', 'true'),
    keep('labels', 'Keep the labels of the pod in its copy.'),
    keep('liveness', 'Keep the liveness probes of the pod in its copy.'),
    keep('readiness', 'Keep the readiness probes of the pod in its copy.'),
    keep('startup', 'Keep the startup probes of the pod in its copy.'),
    { name: 'profile', type: 'string', default: 'general', help: 'What the container may do: "general", "baseline", "restricted", "netadmin" or "sysadmin".' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'Say nothing but what the container says.' },
    { name: 'replace', type: 'bool', help: 'With --copy-to: delete the original pod.' },
    { name: 'same-node', type: 'bool', help: 'With --copy-to: put the copy on the node of the original.' },
    { name: 'set-image', type: 'array', check: pair, help: 'With --copy-to: other images for containers, name=image.' },
    { name: 'share-processes', type: 'bool', default: 'true', help: 'With --copy-to: the containers of the copy see the processes of one another.' },
    { name: 'stdin', short: 'i', type: 'bool', help: 'Keep the standard input of the container open.' },
    { name: 'target', type: 'string', help: 'The container whose processes an ephemeral container is to see.' },
    { name: 'tty', short: 't', type: 'bool', help: 'Give the container a terminal.' },
  ],
  run,
}

interface Debugged {
  readonly pod: Pod
  /** Empty when no container was added. */
  readonly container: string
}

async function run(context: CommandContext): Promise<void> {
  const { flags, args, argsBeforeDash, streams } = context
  const names = argsBeforeDash < 0 ? args : args.slice(0, argsBeforeDash)
  const command = argsBeforeDash < 0 ? [] : args.slice(argsBeforeDash)
  const attach = flags.changed('attach') ? flags.bool('attach') : flags.bool('stdin')
  const profile = profileNamed(flags.text('profile'))
  const custom = await customContainer(context)
  if (profile === 'legacy') streams.err('--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example "--profile=general".\n')
  checkDebugFlags(context, names, command)
  const infos = filesGiven(context) ? await collectInfos(context, [], { latest: true }) : await Promise.all(names.map((name) => namedObject(context, name)))
  for (const info of infos) {
    const debugged = await debug(context, info, command, custom)
    if (attach && debugged.container !== '') await attachTo(context, debugged)
  }
}

async function debug(context: CommandContext, info: Info, command: readonly string[], custom: JsonObject | undefined): Promise<Debugged> {
  if (info.object.kind === 'Node') return debugNode(context, info.object as unknown as Node, command, custom)
  if (info.object.kind !== 'Pod') throw new CliError(`"${info.resource.group}/${info.resource.version}, Kind=${info.resource.kind}" not supported by debug`)
  const pod = info.object as unknown as Pod
  if (context.flags.text('copy-to') === '') return debugInPlace(context, info, pod, command, custom)
  const needsName = context.flags.text('container') === '' && context.flags.text('image') !== ''
  const name = needsName ? await newName(context, pod) : context.flags.text('container')
  const { copy, container } = copyForDebugging(context, pod, command, (made) => customized(made, custom), name)
  if (context.flags.bool('replace')) await deleteObject(context, info, { gracePeriodSeconds: 0 })
  return { pod: (await createObject(context, info.resource, info.namespace, copy as unknown as KubeObject)) as unknown as Pod, container }
}

/** The debugging container as the flags describe it. */
function describedContainer({ flags }: CommandContext, name: string, command: readonly string[]): Container {
  const env = flags.list('env').map((text) => ({ name: text.slice(0, text.indexOf('=')), value: text.slice(text.indexOf('=') + 1) }))
  return {
    name,
    image: flags.text('image'),
    ...(command.length > 0 ? { [flags.bool('arguments-only') ? 'args' : 'command']: [...command] } : {}),
    ...(env.length > 0 ? { env } : {}),
    ...(flags.text('image-pull-policy') ? { imagePullPolicy: flags.text('image-pull-policy') } : {}),
    ...(flags.bool('stdin') ? { stdin: true } : {}),
    ...(flags.bool('tty') ? { tty: true } : {}),
    terminationMessagePolicy: 'File',
  } as Container
}

async function debugInPlace(context: CommandContext, info: Info, pod: Pod, command: readonly string[], custom: JsonObject | undefined): Promise<Debugged> {
  const { flags, streams } = context
  const target = flags.text('target')
  if (target !== '' && !flags.bool('quiet')) streams.out(`Targeting container ${JSON.stringify(target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`)
  const name = flags.text('container') || (await newName(context, pod))
  const container = customized(profiledContainer(describedContainer(context, name, command), profileNamed(flags.text('profile')), 'ephemeral'), custom)
  const changed = { ...pod, spec: { ...pod.spec, ephemeralContainers: [...(pod.spec?.ephemeralContainers ?? []), { ...container, ...(target === '' ? {} : { targetContainerName: target }) }] } }
  const { createTwoWayStrategicMergePatch } = await import('../../../../api/machinery/strategic-merge-diff.ts')
  const patch = createTwoWayStrategicMergePatch(pod as unknown as JsonObject, changed as unknown as JsonObject, definitionOf('v1', 'Pod')!)
  const after = await patchObject(context, info, 'strategic', compactJson(patch), { subresource: 'ephemeralcontainers' })
  return { pod: after as unknown as Pod, container: name }
}

async function debugNode(context: CommandContext, node: Node, command: readonly string[], custom: JsonObject | undefined): Promise<Debugged> {
  const { flags, streams, factory } = context
  const { randomSuffix } = await import('../../random.node.ts')
  const profile = profileNamed(flags.text('profile'))
  const container = flags.text('container') || 'debugger'
  const name = `node-debugger-${node.metadata.name}-${randomSuffix(5)}`
  if (!flags.bool('quiet')) streams.out(`Creating debugging pod ${name} with container ${container} on node ${node.metadata.name}.\n`)
  const spec = profiledNodeSpec({ nodeName: node.metadata.name, restartPolicy: 'Never', containers: [customized(profiledContainer(describedContainer(context, container, command), profile, 'node'), custom)], tolerations: [{ operator: 'Exists' }] }, profile)
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'kubectl-debug' } }, spec } as unknown as KubeObject
  return { pod: (await createObject(context, await factory.mapper().byKind('v1', 'Pod'), factory.namespace(), pod)) as unknown as Pod, container }
}

/** `debugger-` and a suffix that no container of the pod has. */
async function newName({ flags, streams }: CommandContext, pod: Pod): Promise<string> {
  const { randomSuffix } = await import('../../random.node.ts')
  const taken = new Set([...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []), ...(pod.spec?.ephemeralContainers ?? [])].map(({ name }) => name))
  let name: string
  do name = `debugger-${randomSuffix(5)}`
  while (taken.has(name))
  if (!flags.bool('quiet')) streams.out(`Defaulting debug container name to ${name}.\n`)
  return name
}

async function customContainer({ flags, factory }: CommandContext): Promise<JsonObject | undefined> {
  const path = flags.text('custom')
  if (path === '') return undefined
  const { parseYaml } = await import('../../../../api/machinery/codec/yaml.ts')
  let text: string
  try {
    text = new TextDecoder().decode(factory.connector.readFileNow(path))
  } catch (error) {
    throw new CliError(`must pass a container spec json file for custom profile: ${(error as Error).message}`)
  }
  const partial = parseYaml(text) as JsonObject
  for (const field of ['name', 'command', 'image', 'lifecycle', 'volumeDevices']) {
    if (partial[field] !== undefined) throw new CliError(`${field === 'name' ? 'name' : field} can not be modified via custom profile`)
  }
  return partial
}

/** What --custom says is merged over the container. */
function customized(container: Container, custom: JsonObject | undefined): Container {
  if (!custom) return container
  const lists = Object.fromEntries(Object.entries(custom).map(([key, value]) => [key, Array.isArray(value) && Array.isArray((container as unknown as JsonObject)[key]) ? [...((container as unknown as JsonObject)[key] as unknown[]), ...value] : value]))
  return { ...container, ...lists } as Container
}

async function attachTo(context: CommandContext, { pod, container }: Debugged): Promise<void> {
  const { flags, streams } = context
  const quiet = flags.bool('quiet')
  const namespace = pod.metadata.namespace ?? ''
  let said = ''
  const running = await waitForPod(context, namespace, pod.metadata.name, 0, (now) => {
    const state = containerStatus(now, container)?.state
    const waiting = state?.waiting?.message
    if (waiting && waiting !== said && !quiet) {
      said = waiting
      streams.err(`Warning: container ${container}: ${waiting}\n`)
    }
    return state?.running !== undefined || state?.terminated !== undefined
  })
  const over = containerStatus(running, container)?.state?.terminated !== undefined
  await attachOrShowLog(context, running, over, { container, input: flags.bool('stdin'), terminal: flags.bool('tty'), quiet, commandPath: 'kubectl attach' })
}
