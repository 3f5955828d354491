import { isValidPortName } from '../../../../api/machinery/names.ts'
import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

const tcpFlag: Flag = { name: 'tcp', type: 'list', help: "Port pairs can be specified as '<port>:<targetPort>'." }

interface ServiceFacts {
  readonly type: string
  readonly clusterIP?: string
  readonly externalName?: string
  readonly nodePort?: number
}

async function createService(context: CommandContext, facts: ServiceFacts): Promise<void> {
  const name = nameArgument(context)
  const tcp = context.flags.list('tcp')
  const headless = facts.clusterIP === 'None'
  if (tcp.length === 0 && facts.externalName === undefined && !headless) throw new CliError('at least one tcp port specifier must be provided')
  const ports = tcp.map((text) => {
    const { port, targetPort } = parsePorts(text)
    return { name: text.replace(':', '-'), protocol: 'TCP', port, targetPort, ...(facts.nodePort ? { nodePort: facts.nodePort } : {}) }
  })
  const labels = { app: name }
  const spec = {
    ...(ports.length > 0 ? { ports } : {}),
    selector: labels,
    ...(facts.clusterIP ? { clusterIP: facts.clusterIP } : {}),
    type: facts.type,
    ...(facts.externalName ? { externalName: facts.externalName } : {}),
  }
  await createMade(context, { object: { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec, status: { loadBalancer: {} } } as never, namespaced: true, failure: `failed to create ${facts.type} service` })
}

function parsePorts(text: string): { port: number; targetPort: number | string } {
  const parts = text.split(':')
  const port = portNumber(parts[0]!)
  if (parts.length === 1) return { port, targetPort: port }
  const target = parts.slice(1).join(':')
  if (/^[-+]?\d+$/.test(target)) return { port, targetPort: portNumber(target) }
  const problems = isValidPortName(target)
  if (problems.length > 0) throw new CliError(problems.join(','))
  return { port, targetPort: target }
}

function portNumber(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new CliError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  const port = Number(text)
  if (port > 65535) throw new CliError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`)
  if (port < 1) throw new CliError('must be between 1 and 65535, inclusive')
  return port
}

const clusterIp: Command = {
  name: 'clusterip',
  use: 'create service clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]',
  short: 'Create a ClusterIP service',
  flags: [...createFlags, tcpFlag, { name: 'clusterip', type: 'string', help: "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing)." }],
  run: (context) => createService(context, { type: 'ClusterIP', clusterIP: context.flags.text('clusterip') }),
}

const nodePort: Command = {
  name: 'nodeport',
  use: 'create service nodeport NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]',
  short: 'Create a NodePort service',
  flags: [...createFlags, tcpFlag, { name: 'node-port', type: 'int', default: '0', help: 'Port used to expose the service on each node in a cluster.' }],
  run: (context) => createService(context, { type: 'NodePort', nodePort: context.flags.int('node-port') }),
}

const loadBalancer: Command = {
  name: 'loadbalancer',
  use: 'create service loadbalancer NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]',
  short: 'Create a LoadBalancer service',
  flags: [...createFlags, tcpFlag],
  run: (context) => createService(context, { type: 'LoadBalancer' }),
}

const externalName: Command = {
  name: 'externalname',
  use: 'create service externalname NAME --external-name external.name [--dry-run=server|client|none] [options]',
  short: 'Create an ExternalName service',
  flags: [...createFlags, tcpFlag, { name: 'external-name', type: 'string', required: true, help: 'External name of service' }],
  run: (context) => createService(context, { type: 'ExternalName', externalName: context.flags.text('external-name') }),
}

export const createServiceCommand: Command = {
  name: 'service',
  aliases: ['svc'],
  use: 'create service [flags] [options]',
  short: 'Create a service using a specified subcommand',
  long: 'Create a service using a specified subcommand.',
  subcommands: [clusterIp, externalName, loadBalancer, nodePort],
}
