import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'

/** `kubectl kustomize`, and -k of other commands. */
export const kustomizeCommand: Command = {
  name: 'kustomize',
  use: 'kustomize DIR [flags] [options]',
  short: 'Build a kustomization target from a directory or URL',
  long: 'Print the objects that the kustomization of a folder makes. Without an argument, that of the working folder.',
  flags: [
    { name: 'as-current-user', type: 'bool', help: 'Run functions as the user of this command. Functions are not supported here.' },
    { name: 'enable-alpha-plugins', type: 'bool', help: 'Allow plugins. Plugins are not supported here.' },
    { name: 'enable-helm', type: 'bool', help: 'Allow Helm charts. Charts are not supported here.' },
    { name: 'env', short: 'e', type: 'list', help: 'Environment variables for functions.' },
    { name: 'helm-api-versions', type: 'array', help: 'API versions that charts may ask for.' },
    { name: 'helm-command', type: 'string', default: 'helm', help: 'The helm to use.' },
    { name: 'helm-debug', type: 'bool', help: 'Let Helm say more.' },
    { name: 'helm-kube-version', type: 'string', help: 'The version that charts may ask for.' },
    { name: 'load-restrictor', type: 'string', default: 'LoadRestrictionsRootOnly', help: "'LoadRestrictionsNone' lets a kustomization read files outside of its folder." },
    { name: 'mount', type: 'list', help: 'Storage for functions.' },
    { name: 'network', type: 'bool', help: 'Allow functions the network.' },
    { name: 'network-name', type: 'string', default: 'bridge', help: 'The network for functions.' },
    { name: 'output', short: 'o', type: 'string', help: 'Write to this file, and not to the terminal.' },
  ],
  async run(context) {
    const { args, flags, streams } = context
    if (args.length > 1) throw new CliError('specify one path to kustomization.yaml')
    const text = await kustomizeText(context, args[0] ?? '.')
    const output = flags.text('output')
    if (output === '') return streams.out(text)
    const { writeFile } = await import('../local-file.node.ts')
    await writeFile(context.environment.workingFolder, output, text)
  },
}

/** The objects of a folder's kustomization as YAML. Warnings go to the error stream. */
export async function kustomizeText({ factory, streams, environment }: CommandContext, folder: string): Promise<string> {
  const { buildKustomization } = await import('../kustomize/build.ts')
  const { connector } = factory
  const plain = folder.replace(/\/+$/, '') || '/'
  const path = plain.startsWith('/') ? plain : normal(`${environment.workingFolder}/${plain}`)
  return buildKustomization({ read: (file) => connector.readFileNow(file), kindOf: (file) => connector.kindOfPath(file) }, path, folder, (line) => streams.err(line))
}

function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
