import { CliError, usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { attachablePod, namedObject } from '../pods/choose-pod.ts'
import { forwardedPorts } from '../pods/forwarded-ports.ts'

/** `kubectl port-forward`. */
export const portForwardCommand: Command = {
  name: 'port-forward',
  use: 'port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  short: 'Forward one or more local ports to a pod',
  long: 'Forward one or more local ports to a pod.\n\n Use resource type/name such as deployment/mydeployment to select a pod. Resource type defaults to \'pod\' if omitted.',
  flags: [
    { name: 'address', type: 'list', default: 'localhost', help: 'Addresses to listen on (comma separated). Only accepts IP addresses or localhost as a value.' },
    { name: 'pod-running-timeout', type: 'duration', default: '1m0s', help: 'The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running' },
  ],
  async run(context) {
    const { args, flags, factory, streams, environment } = context
    const [word, ...ports] = args
    if (word === undefined || ports.length === 0) throw usageError(context.path, 'TYPE/NAME and list of ports are required for port-forward')
    const info = await namedObject(context, word)
    const pod = await attachablePod(context, info, flags.duration('pod-running-timeout'))
    const forwarded = forwardedPorts(ports, info.object, pod)
    if (pod.status?.phase !== 'Running') throw new CliError(`unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ''}`)
    const [{ forwardPorts }, { openPortForward }] = await Promise.all([import('../pods/port-forwarder.node.ts'), import('../connection/spdy-connection.node.ts')])
    const path = `/api/v1/namespaces/${encodeURIComponent(pod.metadata.namespace ?? '')}/pods/${encodeURIComponent(pod.metadata.name)}/portforward`
    await forwardPorts({ tunnel: await openPortForward(factory.access(), path, factory.impersonation()), ports: forwarded, addresses: flags.list('address'), streams, environment })
    return 0
  },
}
