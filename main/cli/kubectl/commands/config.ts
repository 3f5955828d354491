import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { deleteClusterCommand, deleteUserCommand, renameContextCommand, setClusterCommand, setCredentialsCommand, setPropertyCommand, unsetPropertyCommand } from './config-change.ts'
import type { KubeConfig } from '../config/kubeconfig.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { asStruct } from '../printing/go-json.ts'
import { objectFormats, objectOutputFlags, objectPrinter } from '../printing/output.ts'
import { TabWriter } from '../printing/tab-writer.ts'

const redacted = 'DATA+OMITTED'

const view: Command = {
  name: 'view',
  use: 'config view [flags] [options]',
  short: 'Display merged kubeconfig settings or a specified kubeconfig file',
  flags: [
    ...objectOutputFlags.map((flag) => (flag.name === 'output' ? { ...flag, default: 'yaml' } : flag)),
    { name: 'flatten', type: 'bool', help: 'Flatten the resulting kubeconfig file into self-contained output (useful for creating portable kubeconfig files)' },
    { name: 'minify', type: 'bool', help: 'Remove all information not used by current-context from the output' },
    { name: 'raw', type: 'bool', help: 'Display raw byte data and sensitive data' },
    { name: 'merge', type: 'bool', default: 'true', help: 'Show all kubeconfig files merged into one' },
  ],
  async run(context) {
    const { flags, streams } = context
    let config = context.factory.connector.config(flags)
    if (flags.bool('minify')) config = minified(config, flags.text('context') || config['current-context'] || '')
    if (!flags.bool('raw') && !flags.bool('flatten')) config = withoutSecrets(config)
    const shown = forPrinting(config)
    streams.out(objectPrinter(context, objectFormats)!(shown as unknown as KubeObject))
  },
}

const currentContext: Command = {
  name: 'current-context',
  use: 'config current-context [flags] [options]',
  short: 'Display the current-context',
  async run(context) {
    const name = context.factory.connector.config(context.flags)['current-context']
    if (!name) throw new CliError('current-context is not set')
    context.streams.out(`${name}\n`)
  },
}

const useContext: Command = {
  name: 'use-context',
  aliases: ['use'],
  use: 'config use-context CONTEXT_NAME [options]',
  short: 'Set the current-context in a kubeconfig file',
  async run(context) {
    const [name] = exactlyOne(context)
    const config = context.factory.connector.config(context.flags)
    if (!config.contexts?.some((entry) => entry.name === name)) throw new CliError(`no context exists with the name: "${name}"`)
    await context.factory.connector.changeConfig(context.flags, (file) => ({ ...file, 'current-context': name }))
    context.streams.out(`Switched to context "${name}".\n`)
  },
}

const getContexts: Command = {
  name: 'get-contexts',
  use: 'config get-contexts [(-o|--output=)name)] [options]',
  short: 'Describe one or many contexts',
  flags: [
    { name: 'no-headers', type: 'bool', help: "When using the default or custom-column output format, don't print headers (default print headers)." },
    { name: 'output', short: 'o', type: 'string', help: 'Output format. One of: (name).' },
  ],
  async run({ flags, args, streams, factory }) {
    const output = flags.text('output')
    if (output !== '' && output !== 'name') throw new CliError(`--output ${output} is not available in kubectl config get-contexts; resetting to default output format`)
    const config = factory.connector.config(flags)
    const contexts = [...(config.contexts ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
    const missing = args.find((name) => !contexts.some((entry) => entry.name === name))
    const shown = args.length > 0 ? contexts.filter((entry) => args.includes(entry.name)) : contexts
    if (output === 'name') {
      for (const entry of shown) streams.out(`${entry.name}\n`)
      return
    }
    const writer = new TabWriter()
    if (!flags.bool('no-headers')) writer.row(['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'])
    for (const { name, context } of shown) writer.row([name === config['current-context'] ? '*' : '', name, context.cluster ?? '', context.user ?? '', context.namespace ?? ''])
    streams.out(writer.flush())
    if (missing !== undefined) throw new CliError(`context ${missing} not found`)
  },
}

const getClusters: Command = {
  name: 'get-clusters',
  use: 'config get-clusters [flags] [options]',
  short: 'Display clusters defined in the kubeconfig',
  async run({ flags, streams, factory }) {
    streams.out('NAME\n')
    for (const { name } of factory.connector.config(flags).clusters ?? []) streams.out(`${name}\n`)
  },
}

const getUsers: Command = {
  name: 'get-users',
  use: 'config get-users [flags] [options]',
  short: 'Display users defined in the kubeconfig',
  async run({ flags, streams, factory }) {
    streams.out('NAME\n')
    for (const { name } of factory.connector.config(flags).users ?? []) streams.out(`${name}\n`)
  },
}

const setContext: Command = {
  name: 'set-context',
  use: 'config set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]',
  short: 'Set a context entry in kubeconfig',
  flags: [
    { name: 'cluster', type: 'string', help: 'Cluster of the context.' },
    { name: 'current', type: 'bool', help: 'Modify the current context' },
    { name: 'namespace', short: 'n', type: 'string', help: 'Namespace of the context.' },
    { name: 'user', type: 'string', help: 'User of the context.' },
  ],
  async run(context) {
    const { flags, args, streams, factory } = context
    const config = factory.connector.config(flags)
    if (flags.bool('current') === args.length > 0) throw new CliError(args.length > 0 ? 'you cannot specify both a context name and --current' : 'you must specify a non-empty context name or --current')
    const name = args[0] ?? config['current-context'] ?? ''
    if (name === '') throw new CliError('no current context is set')
    const known = config.contexts?.find((entry) => entry.name === name)
    const changed = {
      ...known?.context,
      ...(flags.changed('cluster') ? { cluster: flags.text('cluster') } : {}),
      ...(flags.changed('user') ? { user: flags.text('user') } : {}),
      ...(flags.changed('namespace') ? { namespace: flags.text('namespace') } : {}),
    }
    await factory.connector.changeConfig(flags, (file) => ({ ...file, contexts: [...(file.contexts ?? []).filter((entry) => entry.name !== name), { name, context: changed }] }))
    streams.out(`Context "${name}" ${known ? 'modified' : 'created'}.\n`)
  },
}

const deleteContext: Command = {
  name: 'delete-context',
  use: 'config delete-context NAME [options]',
  short: 'Delete the specified context from the kubeconfig',
  async run(context) {
    const [name] = exactlyOne(context)
    const { factory, flags, streams } = context
    const path = flags.text('kubeconfig') || factory.connector.configPath(flags)
    if (!factory.connector.config(flags).contexts?.some((entry) => entry.name === name)) throw new CliError(`cannot delete context ${name}, not in ${path}`)
    await factory.connector.changeConfig(flags, (file) => ({ ...file, contexts: (file.contexts ?? []).filter((entry) => entry.name !== name) }))
    streams.out(`deleted context ${name} from ${path}\n`)
  },
}

/** `kubectl config` and what is under it. */
export const configCommand: Command = {
  name: 'config',
  use: 'config SUBCOMMAND [options]',
  short: 'Modify kubeconfig files',
  subcommands: [currentContext, deleteClusterCommand, deleteContext, deleteUserCommand, getClusters, getContexts, getUsers, renameContextCommand, setPropertyCommand, setClusterCommand, setContext, setCredentialsCommand, unsetPropertyCommand, useContext, view],
}

function exactlyOne(context: CommandContext): [string] {
  if (context.args.length !== 1) throw new CliError(`unexpected args: [${context.args.join(' ')}]`)
  return [context.args[0]!]
}

function minified(config: KubeConfig, contextName: string): KubeConfig {
  const context = config.contexts?.find((entry) => entry.name === contextName)
  if (!context) throw new CliError(contextName === '' ? 'cannot locate context ' : `cannot locate context ${contextName}`)
  return {
    ...config,
    'current-context': contextName,
    contexts: [context],
    clusters: (config.clusters ?? []).filter((entry) => entry.name === context.context.cluster),
    users: (config.users ?? []).filter((entry) => entry.name === context.context.user),
  }
}

function withoutSecrets(config: KubeConfig): KubeConfig {
  return {
    ...config,
    clusters: (config.clusters ?? []).map((entry) => (entry.cluster['certificate-authority-data'] ? { ...entry, cluster: { ...entry.cluster, 'certificate-authority-data': redacted } } : entry)),
    users: (config.users ?? []).map((entry) => {
      const user: Record<string, unknown> = { ...entry.user }
      for (const key of ['client-certificate-data', 'client-key-data']) if (user[key]) user[key] = redacted
      for (const key of ['token', 'password']) if (user[key]) user[key] = 'REDACTED'
      return { ...entry, user }
    }),
  }
}

/** As clientcmd writes it: names sorted, empty lists as null. */
function forPrinting(config: KubeConfig): object {
  const list = <T extends { name: string }>(entries: readonly T[] | undefined): T[] | null => (entries && entries.length > 0 ? [...entries].sort((a, b) => (a.name < b.name ? -1 : 1)) : null)
  const ordered = (fields: object, keys: readonly string[]): object => Object.fromEntries([...keys, ...Object.keys(fields).filter((key) => !keys.includes(key))].filter((key) => (fields as Record<string, unknown>)[key] !== undefined).map((key) => [key, (fields as Record<string, unknown>)[key]]))
  return asStruct({
    kind: 'Config',
    apiVersion: 'v1',
    clusters: list(config.clusters)?.map(({ name, cluster }) => ({ name, cluster: ordered(cluster, ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'certificate-authority', 'certificate-authority-data']) })) ?? null,
    users: list(config.users)?.map(({ name, user }) => ({ name, user: ordered(user ?? {}, ['client-certificate', 'client-certificate-data', 'client-key', 'client-key-data', 'token', 'tokenFile']) })) ?? null,
    contexts: list(config.contexts)?.map(({ name, context }) => ({ name, context: ordered(context, ['cluster', 'user', 'namespace']) })) ?? null,
    'current-context': config['current-context'] ?? '',
  })
}
