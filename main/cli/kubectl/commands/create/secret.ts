import { encodeBase64 } from '../../../../api/machinery/codec/base64.ts'
import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'
import { dataFlags, readEntries } from './data-files.ts'
import { suffixed } from './hash-suffix.ts'

async function createSecret(context: CommandContext, name: string, entries: ReadonlyMap<string, Uint8Array>, type: string): Promise<void> {
  const data = Object.fromEntries([...entries.keys()].sort().map((key) => [key, encodeBase64(entries.get(key)!)]))
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...(entries.size > 0 ? { data } : {}), ...(type ? { type } : {}) }
  const shown = context.flags.bool('append-hash') ? suffixed(object, { kind: 'Secret', name, data, type }) : object
  await createMade(context, { object: shown as never, namespaced: true, failure: 'failed to create secret' })
}

const generic: Command = {
  name: 'generic',
  use: 'create secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
  short: 'Create a secret from a local file, directory, or literal value',
  flags: [...createFlags, ...dataFlags, { name: 'type', type: 'string', help: 'The type of secret to create' }],
  async run(context) {
    const name = nameArgument(context)
    await createSecret(context, name, await readEntries(context, 'Secret'), context.flags.text('type'))
  },
}

const tls: Command = {
  name: 'tls',
  use: 'create secret tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none] [options]',
  short: 'Create a TLS secret',
  flags: [
    ...createFlags,
    { name: 'cert', type: 'string', help: 'Path to PEM encoded public key certificate.' },
    { name: 'key', type: 'string', help: 'Path to private key associated with given certificate.' },
    { name: 'append-hash', type: 'bool', help: 'Append a hash of the secret to its name.' },
  ],
  async run(context) {
    const { flags, factory } = context
    const name = nameArgument(context)
    if (!flags.text('key') || !flags.text('cert')) throw new CliError('key and cert must be specified')
    const read = async (path: string): Promise<Uint8Array> => {
      try {
        return await factory.connector.readFile(path)
      } catch {
        throw new CliError(`Cannot read file ${path}, open ${path}: no such file or directory`)
      }
    }
    const certificate = await read(flags.text('cert'))
    const key = await read(flags.text('key'))
    if (!/-----BEGIN CERTIFICATE-----/.test(new TextDecoder().decode(certificate))) throw new CliError('tls: failed to find any PEM data in certificate input')
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(new TextDecoder().decode(key))) throw new CliError('tls: failed to find any PEM data in key input')
    await createSecret(context, name, new Map([['tls.crt', certificate], ['tls.key', key]]), 'kubernetes.io/tls')
  },
}

const dockerRegistry: Command = {
  name: 'docker-registry',
  use: 'create secret docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none] [options]',
  short: 'Create a secret for use with a Docker registry',
  flags: [
    ...createFlags,
    { name: 'docker-email', type: 'string', help: 'Email for Docker registry' },
    { name: 'docker-password', type: 'string', help: 'Password for Docker registry authentication' },
    { name: 'docker-server', type: 'string', default: 'https://index.docker.io/v1/', help: 'Server location for Docker registry' },
    { name: 'docker-username', type: 'string', help: 'Username for Docker registry authentication' },
    { name: 'append-hash', type: 'bool', help: 'Append a hash of the secret to its name.' },
    ...dataFlags.filter((flag) => flag.name === 'from-file'),
  ],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    if (!flags.text('docker-username') || !flags.text('docker-password') || !flags.text('docker-server')) {
      throw new CliError('either --from-file or the combination of --docker-username, --docker-password and --docker-server is required')
    }
    const [username, password, email] = [flags.text('docker-username'), flags.text('docker-password'), flags.text('docker-email')]
    const auth = encodeBase64(new TextEncoder().encode(`${username}:${password}`))
    const config = JSON.stringify({ auths: { [flags.text('docker-server')]: { username, password, ...(email ? { email } : {}), auth } } })
    await createSecret(context, name, new Map([['.dockerconfigjson', new TextEncoder().encode(config)]]), 'kubernetes.io/dockerconfigjson')
  },
}

export const createSecretCommand: Command = {
  name: 'secret',
  use: 'create secret (docker-registry | generic | tls) [options]',
  short: 'Create a secret using a specified subcommand',
  long: 'Create a secret with specified type.\n\n A docker-registry type secret is for accessing a container registry.\n\n A generic type secret indicate an Opaque secret type.\n\n A tls type secret holds TLS certificate and its associated key.',
  subcommands: [dockerRegistry, generic, tls],
}
