import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { saveConfiguration } from '../last-applied.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { createObject, deleteObject } from '../resources/objects.ts'
import { filenameFlags } from '../resources/selection.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, saveConfigFlag } from '../settings.ts'
import { parsePairs } from './set/pairs.ts'

/** `kubectl run`: one pod, and with -i or --attach a session in it. */
export const runCommand: Command = {
  name: 'run',
  use: 'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  short: 'Run a particular image on the cluster',
  long: 'Create and run a particular image in a pod.',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    { name: 'attach', type: 'bool', help: 'Wait for the pod to run, then attach to it. The default with -i. With --restart=Never the exit code is that of the container.' },
    { name: 'cascade', type: 'string', default: 'background', bare: 'background', help: 'What becomes of dependents: "background", "orphan" or "foreground".' },
    { name: 'detach-keys', type: 'string', default: 'ctrl-p,ctrl-q', help: 'The keys that leave a session.' },
    { name: 'force', type: 'bool', help: 'Remove the object at once, without waiting for what it runs to end.' },
    { name: 'grace-period', type: 'int', default: '-1', help: 'Seconds that the object has to end; negative: its own period.' },
    { name: 'leave-stdin-open', type: 'bool', help: 'Keep the standard input of the container open after the first session.' },
    { name: 'pod-running-timeout', type: 'duration', default: '1m0s', help: 'How long to wait for a running pod.' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'Say nothing but what the container says.' },
    { name: 'rm', type: 'bool', help: 'Delete the pod when the session is over.' },
    { name: 'stdin', short: 'i', type: 'bool', help: 'Keep the standard input of the container open.' },
    { name: 'timeout', type: 'duration', default: '0s', help: 'How long to wait for a deletion; zero: as long as the object needs.' },
    { name: 'tty', short: 't', type: 'bool', help: 'Give the container a terminal.' },
    { name: 'wait', type: 'bool', help: 'Wait until what is deleted is gone.' },
    fieldManagerFlag('kubectl-run'),
    saveConfigFlag,
    { name: 'annotations', type: 'array', help: 'Annotations to apply to the pod.' },
    { name: 'command', type: 'bool', help: "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field which is the default." },
    { name: 'env', type: 'array', help: 'Environment variables to set in the container.' },
    { name: 'expose', type: 'bool', help: 'If true, create a ClusterIP service associated with the pod.  Requires --port.' },
    { name: 'image', type: 'string', required: true, help: 'The image for the container to run.' },
    { name: 'image-pull-policy', type: 'string', help: 'The image pull policy for the container.  If left empty, this value will not be specified by the client and defaulted by the server.' },
    { name: 'labels', short: 'l', type: 'string', help: 'Comma separated labels to apply to the pod. Will override previous values.' },
    { name: 'override-type', type: 'string', default: 'merge', help: 'The method used to override the generated object: json, merge, or strategic.' },
    { name: 'overrides', type: 'string', help: 'An inline JSON override for the generated object.' },
    { name: 'port', type: 'string', help: 'The port that this container exposes.' },
    { name: 'privileged', type: 'bool', help: 'If true, run the container in privileged mode.' },
    { name: 'restart', type: 'string', default: 'Always', help: 'The restart policy for this Pod.  Legal values [Always, OnFailure, Never].' },
  ],
  run,
}

async function run(context: CommandContext): Promise<number> {
  const { flags, args, argsBeforeDash, factory } = context
  if (args.length === 0 || argsBeforeDash === 0) throw usageError(context.path, 'NAME is required for run')
  const name = args[0]!
  const extra = args.slice(1)
  if (flags.text('restart') && !['Always', 'OnFailure', 'Never'].includes(flags.text('restart'))) throw usageError(context.path, `invalid restart policy: ${flags.text('restart')}`)
  const input = flags.bool('stdin')
  if (flags.bool('tty') && !input) throw usageError(context.path, '-i/--stdin is required for containers with -t/--tty=true')
  const attach = flags.changed('attach') ? flags.bool('attach') : input
  if (flags.bool('rm') && !attach) throw usageError(context.path, '--rm should only be used for attached containers')
  const dryRun = dryRunOf(context)
  if (attach && dryRun !== 'none') throw usageError(context.path, "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)")
  const port = flags.text('port')
  if (flags.bool('expose') && port === '') throw usageError(context.path, '--port must be set when exposing a service')
  if (port !== '' && !/^\d+$/.test(port)) throw new CliError(`strconv.ParseInt: parsing ${JSON.stringify(port)}: invalid syntax`)
  const labels = flags.text('labels') ? parsePairs(flags.text('labels').split(',')) : { run: name }
  const annotations = flags.list('annotations').length > 0 ? parsePairs(flags.list('annotations')) : undefined
  const env = flags.list('env').map((pair) => {
    const at = pair.indexOf('=')
    if (at <= 0) throw new CliError(`invalid env: ${pair}`)
    return { name: pair.slice(0, at), value: pair.slice(at + 1) }
  })
  const container = {
    name,
    image: flags.text('image'),
    ...(extra.length > 0 && flags.bool('command') ? { command: extra } : {}),
    ...(extra.length > 0 && !flags.bool('command') ? { args: extra } : {}),
    ...(port ? { ports: [{ containerPort: Number(port) }] } : {}),
    ...(env.length > 0 ? { env } : {}),
    resources: {},
    ...(flags.text('image-pull-policy') ? { imagePullPolicy: flags.text('image-pull-policy') } : {}),
    ...(input ? { stdin: true, ...(flags.bool('leave-stdin-open') ? {} : { stdinOnce: true }) } : {}),
    ...(flags.bool('tty') ? { tty: true } : {}),
    ...(flags.bool('privileged') ? { securityContext: { privileged: true } } : {}),
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, ...(annotations ? { annotations } : {}) },
    spec: { containers: [container], restartPolicy: flags.text('restart') || 'Always', dnsPolicy: 'ClusterFirst' },
    status: {},
  } as unknown as KubeObject
  const print = operationPrinter(context, 'created', dryRun)
  const { inStructOrder } = await import('../typed.ts')
  const settings = { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager') }
  const created: KubeObject[] = []
  const make = async (object: KubeObject): Promise<void> => {
    const named = factory.namespaceIsExplicit() ? { ...object, metadata: { ...object.metadata, namespace: factory.namespace() } } : object
    const made = saveConfiguration(await overridden(context, named as KubeObject), flags.bool('save-config'))
    if (dryRun === 'client') return print(inStructOrder(made))
    const answer = await createObject(context, await factory.mapper().byKind('v1', made.kind!), factory.namespace(), made, settings)
    created.push(answer)
    if (!attach || made.kind !== 'Pod') print(inStructOrder(answer))
  }
  if (flags.bool('expose')) {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ protocol: 'TCP', port: Number(port), targetPort: Number(port) }], selector: labels }, status: { loadBalancer: {} } }
    await make(service as unknown as KubeObject)
  }
  await make(pod)
  return attach ? runAttached(context, created) : 0
}

/** The session in the pod that was made, what it leaves behind, and its exit code. */
async function runAttached(context: CommandContext, created: readonly KubeObject[]): Promise<number> {
  const { flags, streams, factory } = context
  const { attachOrShowLog, isOver, isRunningOrOver, waitForPod } = await import('../pods/attach-when-running.ts')
  const { name, namespace = factory.namespace() } = created.at(-1)!.metadata
  const quiet = flags.bool('quiet')
  const started = await waitForPod(context, namespace, name, flags.duration('pod-running-timeout'), isRunningOrOver)
  await attachOrShowLog(context, started, isOver(started), { container: '', input: flags.bool('stdin'), terminal: flags.bool('tty'), quiet, detachKeys: flags.text('detach-keys'), commandPath: 'kubectl attach' })
  const waits = !flags.bool('leave-stdin-open') && flags.text('restart') === 'Never'
  const ended = waits ? await waitForPod(context, namespace, name, 0, isOver) : undefined
  if (flags.bool('rm')) {
    for (const object of [...created].reverse()) {
      const kind = object.kind!
      await deleteObject(context, { resource: await factory.mapper().byKind('v1', kind), namespace, name: object.metadata.name }, { propagationPolicy: 'Background', ...(flags.int('grace-period') >= 0 ? { gracePeriodSeconds: flags.int('grace-period') } : {}) })
      if (!quiet) streams.out(`${kind.toLowerCase()} ${JSON.stringify(object.metadata.name)} deleted from ${namespace} namespace\n`)
    }
  }
  if (ended?.status?.phase !== 'Failed') return 0
  const terminated = ended.status.containerStatuses?.[0]?.state?.terminated
  if (!terminated || terminated.exitCode === 0) throw new CliError(`pod ${namespace}/${name} failed with unknown exit code`)
  throw new CliError(`pod ${namespace}/${name} terminated (${terminated.reason ?? ''})\n${terminated.message ?? ''}`, { exitCode: terminated.exitCode, prefixed: false })
}

async function overridden({ flags }: CommandContext, object: KubeObject): Promise<KubeObject> {
  const text = flags.text('overrides')
  if (!text || object.kind !== 'Pod') return object
  const { parseYaml } = await import('../../../api/machinery/codec/yaml.ts')
  const patch = parseYaml(text)
  if (flags.text('override-type') === 'json') return (await import('../../../api/machinery/json-patch.ts')).applyJsonPatch(object, patch)
  if (flags.text('override-type') === 'strategic') {
    const { applyStrategicMergePatch } = await import('../../../api/machinery/strategic-merge-patch.ts')
    const { definitionOf } = await import('../typed.ts')
    return applyStrategicMergePatch(object as never, patch as never, definitionOf('v1', 'Pod')!) as unknown as KubeObject
  }
  return (await import('../../../api/machinery/merge-patch.ts')).applyMergePatch(object, patch) as KubeObject
}
