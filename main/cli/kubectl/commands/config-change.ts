import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { KubeConfig } from '../config/kubeconfig.ts'
import { helpText } from '../help.ts'

function oneName(context: CommandContext, command: Command): string {
  if (context.args.length !== 1) {
    context.streams.out(helpText(command, context.path))
    throw new CliError(`Unexpected args: [${context.args.join(' ')}]`)
  }
  return context.args[0]!
}

type Section = 'clusters' | 'contexts' | 'users'
const fieldOf = { clusters: 'cluster', contexts: 'context', users: 'user' } as const
type Entry = { name: string } & Record<string, unknown>

/** The file with one entry's fields changed; a new entry when there is none of the name. */
function withEntry(file: KubeConfig, section: Section, name: string, fields: Record<string, unknown>): KubeConfig {
  const entries = (file[section] ?? []) as unknown as Entry[]
  const field = fieldOf[section]
  const known = entries.find((entry) => entry.name === name)
  const changed = { name, [field]: { ...(known?.[field] as object | undefined), ...fields } }
  return { ...file, [section]: known ? entries.map((entry) => (entry === known ? changed : entry)) : [...entries, changed] }
}

export const setClusterCommand: Command = {
  name: 'set-cluster',
  use: 'config set-cluster NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]',
  short: 'Set a cluster entry in kubeconfig',
  long: 'Set a cluster entry in kubeconfig.\n\n Specifying a name that already exists will merge new fields on top of existing values for those fields.',
  flags: [
    { name: 'certificate-authority', type: 'string', help: 'The file of the authority that signs for the cluster.' },
    { name: 'insecure-skip-tls-verify', type: 'bool', help: 'Trust whatever certificate the cluster shows.' },
    { name: 'server', type: 'string', help: 'Address of the cluster.' },
    { name: 'tls-server-name', type: 'string', help: 'The name that the certificate of the cluster is for.' },
    { name: 'embed-certs', type: 'bool', help: 'embed-certs for the cluster entry in kubeconfig' },
    { name: 'proxy-url', type: 'string', help: 'proxy-url for the cluster entry in kubeconfig' },
  ],
  async run(context) {
    const { flags, streams, factory } = context
    const name = oneName(context, setClusterCommand)
    const authority = flags.text('certificate-authority')
    const embedded = authority && flags.bool('embed-certs') ? { 'certificate-authority-data': await base64File(context, authority) } : authority ? { 'certificate-authority': authority } : {}
    const fields = {
      ...(flags.changed('server') ? { server: flags.text('server') } : {}),
      ...(flags.changed('insecure-skip-tls-verify') ? { 'insecure-skip-tls-verify': flags.bool('insecure-skip-tls-verify') } : {}),
      ...(flags.changed('tls-server-name') ? { 'tls-server-name': flags.text('tls-server-name') } : {}),
      ...(flags.changed('proxy-url') ? { 'proxy-url': flags.text('proxy-url') } : {}),
      ...embedded,
    }
    await factory.connector.changeConfig(flags, (file) => withEntry(file, 'clusters', name, fields))
    streams.out(`Cluster ${JSON.stringify(name)} set.\n`)
  },
}

export const setCredentialsCommand: Command = {
  name: 'set-credentials',
  use: 'config set-credentials NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value] [options]',
  short: 'Set a user entry in kubeconfig',
  flags: [
    { name: 'auth-provider', type: 'string', help: 'Who authenticates the user.' },
    { name: 'auth-provider-arg', type: 'list', help: 'Settings of that provider, key=value.' },
    { name: 'client-certificate', type: 'string', help: "File of the user's certificate." },
    { name: 'client-key', type: 'string', help: 'File of its key.' },
    { name: 'exec-api-version', type: 'string', help: 'Version of the API that the program speaks.' },
    { name: 'exec-arg', type: 'list', help: 'Arguments of the program.' },
    { name: 'exec-command', type: 'string', help: 'A program that answers with credentials.' },
    { name: 'exec-env', type: 'array', help: 'Environment of the program, key=value.' },
    { name: 'exec-interactive-mode', type: 'string', help: 'Whether the program may ask: IfAvailable, Always or Never.' },
    { name: 'exec-provide-cluster-info', type: 'bool', help: 'Tell the program about the cluster.' },
    { name: 'token', type: 'string', help: 'Token of the user.' },
    { name: 'embed-certs', type: 'bool', help: 'Embed client cert/key for the user entry in kubeconfig' },
    { name: 'username', type: 'string', help: 'username for the user entry in kubeconfig' },
    { name: 'password', type: 'string', help: 'password for the user entry in kubeconfig' },
  ],
  async run(context) {
    const { flags, streams, factory } = context
    const name = oneName(context, setCredentialsCommand)
    const fields: Record<string, unknown> = {}
    for (const key of ['token', 'username', 'password']) if (flags.changed(key)) fields[key] = flags.text(key)
    for (const key of ['client-certificate', 'client-key']) {
      if (!flags.changed(key)) continue
      if (flags.bool('embed-certs')) fields[`${key}-data`] = await base64File(context, flags.text(key))
      else fields[key] = flags.text(key)
    }
    Object.assign(fields, execFields(context), providerFields(context))
    await factory.connector.changeConfig(flags, (file) => withEntry(file, 'users', name, fields))
    streams.out(`User ${JSON.stringify(name)} set.\n`)
  },
}

/** A program that answers with credentials, as the flags describe it. */
function execFields({ flags }: CommandContext): object {
  const command = flags.text('exec-command')
  if (command === '') return {}
  const env = flags.list('exec-env').filter((text) => !text.endsWith('-')).map((text) => ({ name: text.slice(0, text.indexOf('=')), value: text.slice(text.indexOf('=') + 1) }))
  return {
    exec: {
      apiVersion: flags.text('exec-api-version') || null,
      args: flags.list('exec-arg').length > 0 ? flags.list('exec-arg') : null,
      command,
      env: env.length > 0 ? env : null,
      ...(flags.text('exec-interactive-mode') ? { interactiveMode: flags.text('exec-interactive-mode') } : {}),
      provideClusterInfo: flags.bool('exec-provide-cluster-info'),
    },
  }
}

function providerFields({ flags }: CommandContext): object {
  const name = flags.text('auth-provider')
  if (name === '') return {}
  const config = Object.fromEntries(flags.list('auth-provider-arg').filter((text) => text.includes('=')).map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
  return { 'auth-provider': { name, config: Object.keys(config).length > 0 ? config : null } }
}

async function base64File(context: CommandContext, path: string): Promise<string> {
  const { encodeBase64 } = await import('../../../api/machinery/codec/base64.ts')
  return encodeBase64(await context.factory.connector.readFile(path))
}

export const renameContextCommand: Command = {
  name: 'rename-context',
  use: 'config rename-context CONTEXT_NAME NEW_NAME [options]',
  short: 'Rename a context from the kubeconfig file',
  async run(context) {
    const { flags, args, streams, factory } = context
    if (args.length !== 2) throw new CliError(`accepts 2 arg(s), received ${args.length}`)
    const [from, to] = args as [string, string]
    const config = factory.connector.config(flags)
    if (!config.contexts?.some((entry) => entry.name === from)) throw new CliError(`cannot rename the context ${JSON.stringify(from)}, it's not in ${factory.connector.configPath(flags)}`)
    if (config.contexts.some((entry) => entry.name === to)) throw new CliError(`cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${factory.connector.configPath(flags)}`)
    await factory.connector.changeConfig(flags, (file) => ({
      ...file,
      contexts: (file.contexts ?? []).map((entry) => (entry.name === from ? { ...entry, name: to } : entry)),
      ...(file['current-context'] === from ? { 'current-context': to } : {}),
    }))
    streams.out(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`)
  },
}

function deletion(name: string, section: 'clusters' | 'users', noun: string, short: string): Command {
  const command: Command = {
    name,
    use: `config ${name} NAME [options]`,
    short,
    async run(context) {
      const { flags, streams, factory } = context
      const entry = oneName(context, command)
      const path = flags.text('kubeconfig') || factory.connector.configPath(flags)
      if (!factory.connector.config(flags)[section]?.some((known) => known.name === entry)) throw new CliError(`cannot delete ${noun} ${entry}, not in ${path}`)
      await factory.connector.changeConfig(flags, (file) => ({ ...file, [section]: ((file[section] ?? []) as { name: string }[]).filter((known) => known.name !== entry) }))
      streams.out(`deleted ${noun} ${entry} from ${path}\n`)
    },
  }
  return command
}

export const deleteClusterCommand = deletion('delete-cluster', 'clusters', 'cluster', 'Delete the specified cluster from the kubeconfig')
export const deleteUserCommand = deletion('delete-user', 'users', 'user', 'Delete the specified user from the kubeconfig')

/** Takes `clusters.name.server` apart; names may contain dots, so the longest known name wins. */
function parseProperty(config: KubeConfig, property: string): { section: Section | 'current-context'; name?: string; field?: string } {
  const [section, ...rest] = property.split('.') as [string, ...string[]]
  if (section === 'current-context') return { section }
  if (section !== 'clusters' && section !== 'contexts' && section !== 'users') throw new CliError(`unable to parse ${property} after [] at api.Config`)
  const text = rest.join('.')
  const known = ((config[section] ?? []) as { name: string }[]).map((entry) => entry.name).filter((name) => text === name || text.startsWith(`${name}.`)).sort((a, b) => b.length - a.length)[0]
  const name = known ?? (rest.length > 1 ? rest.slice(0, -1).join('.') : text)
  const field = text.slice(name.length + 1)
  return { section, name, ...(field ? { field } : {}) }
}

export const setPropertyCommand: Command = {
  name: 'set',
  use: 'config set PROPERTY_NAME PROPERTY_VALUE [options]',
  short: 'Set an individual value in a kubeconfig file',
  flags: [{ name: 'set-raw-bytes', type: 'bool', help: 'When writing a []byte PROPERTY_VALUE, write the given string directly without base64 decoding.' }],
  async run(context) {
    const { flags, args, streams, factory } = context
    if (args.length !== 2) throw new CliError(`Unexpected args: [${args.join(' ')}]`)
    const [property, value] = args as [string, string]
    const { section, name, field } = parseProperty(factory.connector.config(flags), property)
    if (section !== 'current-context' && !field) throw new CliError(`unable to parse ${property}`)
    const typed = value === 'true' || value === 'false' ? (field === 'insecure-skip-tls-verify' ? value === 'true' : value) : value
    await factory.connector.changeConfig(flags, (file) => (section === 'current-context' ? { ...file, 'current-context': value } : withEntry(file, section, name!, { [field!]: typed })))
    streams.out(`Property ${JSON.stringify(property)} set.\n`)
  },
}

export const unsetPropertyCommand: Command = {
  name: 'unset',
  use: 'config unset PROPERTY_NAME [options]',
  short: 'Unset an individual value in a kubeconfig file',
  async run(context) {
    const { flags, args, streams, factory } = context
    if (args.length !== 1) throw new CliError(`Unexpected args: [${args.join(' ')}]`)
    const property = args[0]!
    const { section, name, field } = parseProperty(factory.connector.config(flags), property)
    await factory.connector.changeConfig(flags, (file) => {
      if (section === 'current-context') return { ...file, 'current-context': '' }
      const entries = (file[section] ?? []) as unknown as Entry[]
      if (!name) return { ...file, [section]: [] }
      if (!field) return { ...file, [section]: entries.filter((entry) => entry.name !== name) }
      return { ...file, [section]: entries.map((entry) => (entry.name === name ? { ...entry, [fieldOf[section]]: Object.fromEntries(Object.entries(entry[fieldOf[section]] as object).filter(([key]) => key !== field)) } : entry)) }
    })
    streams.out(`Property ${JSON.stringify(property)} unset.\n`)
  },
}
