import type { Service } from '../../../api/generated/types.ts'
import type { Streams } from '../../streams.ts'
import type { Command } from '../command.ts'
import { clusterInfoDumpCommand } from './cluster-info-dump.ts'
import { requestJson } from '../resources/requests.ts'

/** `kubectl cluster-info`. */
export const clusterInfoCommand: Command = {
  name: 'cluster-info',
  use: 'cluster-info [flags] [options]',
  short: 'Display cluster information',
  subcommands: [clusterInfoDumpCommand],
  async run(context) {
    const { factory, streams } = context
    const server = factory.access().server
    const services = await requestJson<{ items: Service[] }>(context, 'GET', '/api/v1/namespaces/kube-system/services?labelSelector=kubernetes.io%2Fcluster-service%3Dtrue')
    streams.out(line(streams, 'Kubernetes control plane', server))
    for (const service of services.items) {
      const name = service.metadata?.name ?? ''
      const port = service.spec?.ports?.[0]
      const ingress = service.status?.loadBalancer?.ingress?.[0]
      const link = ingress
        ? `http://${ingress.ip ?? ingress.hostname ?? ''}:${port?.port ?? ''}`
        : `${server}/api/v1/namespaces/kube-system/services/${schemed(name, port)}/proxy`
      streams.out(line(streams, service.metadata?.labels?.['kubernetes.io/name'] ?? name, link))
    }
    streams.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n")
  },
}

function schemed(name: string, port: { name?: string; port?: number } | undefined): string {
  if (!port) return name
  if (port.name === 'https' || port.port === 443) return `https:${name}:${port.name ?? ''}`
  return `${name}:${port.name ?? ''}`
}

/** In colour on a terminal. */
function line(streams: Streams, what: string, where: string): string {
  if (!streams.terminal) return `${what} is running at ${where}\n`
  return `\u001b[0;32m${what}\u001b[0m is running at \u001b[0;33m${where}\u001b[0m\n`
}
