import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { saveConfiguration } from '../last-applied.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { createObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { visitInfos, type Info } from '../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, saveConfigFlag } from '../settings.ts'
import { parsePairs } from './set/pairs.ts'

/** `kubectl expose`: a service for the pods of something. */
export const exposeCommand: Command = {
  name: 'expose',
  use: 'expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]',
  short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-expose'),
    saveConfigFlag,
    { name: 'cluster-ip', type: 'string', help: "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service." },
    { name: 'external-ip', type: 'string', help: 'Additional external IP address (not managed by Kubernetes) to accept for the service.' },
    { name: 'labels', short: 'l', type: 'string', help: 'Labels to apply to the service created by this call.' },
    { name: 'load-balancer-ip', type: 'string', help: 'IP to assign to the LoadBalancer.' },
    { name: 'name', type: 'string', help: 'The name for the newly created object.' },
    { name: 'override-type', type: 'string', default: 'merge', help: 'The method used to override the generated object: json, merge, or strategic.' },
    { name: 'overrides', type: 'string', help: 'An inline JSON override for the generated object.' },
    { name: 'port', type: 'string', help: 'The port that the service should serve on. Copied from the resource being exposed, if unspecified' },
    { name: 'protocol', type: 'string', help: "The network protocol for the service to be created. Default is 'TCP'." },
    { name: 'selector', type: 'string', help: 'A label selector to use for this service.' },
    { name: 'session-affinity', type: 'string', help: "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'" },
    { name: 'target-port', type: 'string', help: 'Name or number for the port on the container that the service should direct traffic to. Optional.' },
    { name: 'type', type: 'string', help: 'Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is ClusterIP.' },
  ],
  async run(context) {
    const dryRun = dryRunOf(context)
    const print = operationPrinter(context, 'exposed', dryRun)
    const { inStructOrder } = await import('../typed.ts')
    await visitInfos(context, context.args, { fetch: true, latest: true, missing: () => new CliError(missingTypesText) }, async (info) => {
      const service = saveConfiguration(serviceFor(context, info), context.flags.bool('save-config'))
      if (dryRun === 'client') return print(inStructOrder(service))
      const resource = await context.factory.mapper().byKind('v1', 'Service')
      print(inStructOrder(await createObject(context, resource, info.namespace, service, { dryRun: dryRun === 'server', fieldManager: context.flags.text('field-manager') })))
    })
  },
}

interface Exposable {
  readonly spec?: {
    readonly selector?: Readonly<Record<string, unknown>> & { readonly matchLabels?: Record<string, string>; readonly matchExpressions?: readonly unknown[] }
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[]
    readonly containers?: readonly Container[]
    readonly template?: { readonly metadata?: { readonly labels?: Record<string, string> }; readonly spec?: { readonly containers?: readonly Container[] } }
  }
}
interface Container {
  readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[]
}

function selectorOf(context: CommandContext, info: Info): Record<string, string> {
  if (context.flags.text('selector')) return parsePairs(context.flags.text('selector').split(','))
  const { spec } = info.object as Exposable
  const { kind } = info.resource
  switch (kind) {
    case 'ReplicationController':
      return { ...(spec?.selector as Record<string, string> | undefined) }
    case 'Service':
      if (Object.keys(spec?.selector ?? {}).length === 0) throw new CliError('couldn\'t retrieve selectors via --selector flag or introspection: no selectors found')
      return { ...(spec?.selector as Record<string, string>) }
    case 'Pod': {
      const labels = info.object.metadata?.labels ?? {}
      if (Object.keys(labels).length === 0) throw new CliError("couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed")
      return { ...labels }
    }
    case 'Deployment':
    case 'ReplicaSet':
      if ((spec?.selector?.matchExpressions?.length ?? 0) > 0) throw new CliError(`couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - "${JSON.stringify(spec?.selector?.matchExpressions)}" to map-based selector format`)
      return { ...spec?.selector?.matchLabels }
    default:
      throw new CliError(`cannot expose a ${kind}`)
  }
}

function portsOf(info: Info): { port: number; protocol: string; name?: string }[] {
  const { spec } = info.object as Exposable
  if (info.resource.kind === 'Service') return (spec?.ports ?? []).map((port) => ({ port: port.port, protocol: port.protocol ?? 'TCP', ...(port.name ? { name: port.name } : {}) }))
  const containers = spec?.template?.spec?.containers ?? spec?.containers ?? []
  return containers.flatMap((container) => (container.ports ?? []).map((port) => ({ port: port.containerPort, protocol: port.protocol ?? 'TCP' })))
}

function serviceFor(context: CommandContext, info: Info): KubeObject {
  const { flags } = context
  const name = flags.text('name') || info.name.slice(0, 63)
  const selector = selectorOf(context, info)
  const given = flags.text('port') ? flags.text('port').split(',').map((text) => {
    if (!/^\d+$/.test(text)) throw new CliError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
    return Number(text)
  }) : undefined
  const own = portsOf(info)
  const numbers = given ?? own.map((port) => port.port)
  if (numbers.length === 0 && flags.text('cluster-ip') !== 'None') throw new CliError("couldn't find port via --port flag or introspection")
  const target = flags.text('target-port')
  const ports = numbers.map((port, index) => {
    const found = own.find((candidate) => candidate.port === port)
    return {
      ...(numbers.length > 1 ? { name: `port-${index + 1}` } : {}),
      protocol: flags.text('protocol') || found?.protocol || 'TCP',
      port,
      targetPort: target === '' ? port : /^\d+$/.test(target) ? Number(target) : target,
    }
  })
  const labels = flags.text('labels') ? parsePairs(flags.text('labels').split(',')) : info.object.metadata?.labels
  const namespace = context.factory.namespaceIsExplicit() ? { namespace: context.factory.namespace() } : {}
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...namespace, ...(labels && Object.keys(labels).length > 0 ? { labels } : {}) },
    spec: {
      ...(ports.length > 0 ? { ports } : {}),
      selector,
      ...(flags.text('cluster-ip') ? { clusterIP: flags.text('cluster-ip') } : {}),
      ...(flags.text('type') ? { type: flags.text('type') } : {}),
      ...(flags.text('external-ip') ? { externalIPs: [flags.text('external-ip')] } : {}),
      ...(flags.text('session-affinity') ? { sessionAffinity: flags.text('session-affinity') } : {}),
      ...(flags.text('load-balancer-ip') ? { loadBalancerIP: flags.text('load-balancer-ip') } : {}),
    },
    status: { loadBalancer: {} },
  } as unknown as KubeObject
}
