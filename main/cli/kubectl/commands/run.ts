import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { saveConfiguration } from '../last-applied.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { createObject } from '../resources/objects.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, saveConfigFlag } from '../settings.ts'
import { parsePairs } from './set/pairs.ts'

/** `kubectl run`: one pod. Attaching (-i, -t, --attach, --rm) is left to `kubectl attach`. */
export const runCommand: Command = {
  name: 'run',
  use: 'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  short: 'Run a particular image on the cluster',
  long: 'Create and run a particular image in a pod.',
  flags: [
    ...objectOutputFlags,
    dryRunFlag,
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

async function run(context: CommandContext): Promise<void> {
  const { flags, args, argsBeforeDash, factory } = context
  if (args.length === 0 || argsBeforeDash === 0) throw usageError(context.path, 'NAME is required for run')
  const name = args[0]!
  const extra = args.slice(1)
  if (flags.text('restart') && !['Always', 'OnFailure', 'Never'].includes(flags.text('restart'))) throw usageError(context.path, `invalid restart policy: ${flags.text('restart')}`)
  const dryRun = dryRunOf(context)
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
  const make = async (object: KubeObject): Promise<void> => {
    const named = factory.namespaceIsExplicit() ? { ...object, metadata: { ...object.metadata, namespace: factory.namespace() } } : object
    const made = saveConfiguration(await overridden(context, named as KubeObject), flags.bool('save-config'))
    if (dryRun === 'client') return print(inStructOrder(made))
    print(inStructOrder(await createObject(context, await factory.mapper().byKind('v1', made.kind!), factory.namespace(), made, settings)))
  }
  if (flags.bool('expose')) {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ protocol: 'TCP', port: Number(port), targetPort: Number(port) }], selector: labels }, status: { loadBalancer: {} } }
    await make(service as unknown as KubeObject)
  }
  await make(pod)
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
