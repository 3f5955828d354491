import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'

/** `kubectl proxy`: the API server on a local port. Serving files (--www) is not built. */
export const proxyCommand: Command = {
  name: 'proxy',
  use: 'proxy [--port=PORT] [--api-prefix=prefix] [options]',
  short: 'Run a proxy to the Kubernetes API server',
  long: 'Creates a proxy server or application-level gateway between localhost and the Kubernetes API server. All incoming data enters through one port and gets forwarded to the remote Kubernetes API server port.',
  flags: [
    { name: 'accept-hosts', type: 'string', default: '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$', help: 'Regular expression for hosts that the proxy should accept.' },
    { name: 'accept-paths', type: 'string', default: '^.*', help: 'Regular expression for paths that the proxy should accept.' },
    { name: 'address', type: 'string', default: '127.0.0.1', help: 'The IP address on which to serve on.' },
    { name: 'api-prefix', type: 'string', default: '/', help: 'Prefix to serve the proxied API under.' },
    { name: 'disable-filter', type: 'bool', help: 'If true, disable request filtering in the proxy. This is dangerous, and can leave you vulnerable to XSRF attacks, when used with an accessible port.' },
    { name: 'port', short: 'p', type: 'int', default: '8001', help: 'The port on which to run the proxy. Set to 0 to pick a random port.' },
    { name: 'reject-paths', type: 'string', default: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach', help: 'Regular expression for paths that the proxy should reject. Paths specified here will be rejected even accepted by --accept-paths.' },
    { name: 'unix-socket', short: 'u', type: 'string', help: 'Unix socket on which to run the proxy.' },
  ],
  async run({ flags, factory, streams }) {
    const { serveApiProxy } = await import('../connection/api-proxy.node.ts')
    const patterns = (name: string): RegExp[] => flags.text(name).split(',').filter(Boolean).map((text) => new RegExp(text))
    const open = flags.bool('disable-filter')
    const address = flags.text('address')
    const unixSocket = flags.text('unix-socket') || undefined
    if (unixSocket !== undefined && flags.int('port') !== 8001) throw new CliError('cannot set --unix-socket and --port at the same time')
    const accepted = patterns('accept-paths')
    const proxy = await serveApiProxy({
      address,
      port: flags.int('port'),
      apiPrefix: `/${flags.text('api-prefix').replace(/^\/|\/$/g, '')}/`.replace('//', '/'),
      ...(unixSocket === undefined ? {} : { unixSocket }),
      acceptHosts: open ? [/^/] : patterns('accept-hosts'),
      rejectPaths: open ? [] : [...patterns('reject-paths'), ...(flags.changed('accept-paths') ? [new RegExp(`^(?!${accepted.map((pattern) => `(?:${pattern.source.replace(/^\^/, '')})`).join('|')})`)] : [])],
      transport: factory.transport(),
    }).catch((error: NodeJS.ErrnoException) => {
      if (unixSocket !== undefined) throw new CliError(error.code === 'EADDRINUSE' ? `listen unix ${unixSocket}: bind: address already in use` : error.message)
      throw new CliError(error.code === 'EADDRINUSE' ? `listen tcp ${address}:${flags.int('port')}: bind: address already in use` : error.message)
    })
    streams.out(`Starting to serve on ${unixSocket ?? `${address}:${proxy.port}`}\n`)
    await new Promise<void>((resolve) => streams.onInterrupt(resolve))
    proxy.close()
    return 130
  },
}
