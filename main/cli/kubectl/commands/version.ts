import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { asStruct, printJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { requestJson } from '../resources/requests.ts'

/** The version whose behaviour this kubectl has. */
export const clientVersion = 'v1.36.1'
/** The kustomize whose builds ours are like. */
const kustomizeVersion = 'v5.8.1'

/** `kubectl version`. */
export const versionCommand: Command = {
  name: 'version',
  use: 'version [flags] [options]',
  short: 'Print the client and server version information',
  flags: [
    { name: 'client', type: 'bool', help: 'If true, shows client version only (no server required).' },
    { name: 'output', short: 'o', type: 'string', help: "One of 'yaml' or 'json'." },
  ],
  async run(context) {
    const { flags, streams } = context
    const output = flags.text('output')
    if (output !== '' && output !== 'json' && output !== 'yaml') throw new CliError("--output must be 'yaml' or 'json'")
    const clientFacts = { major: '1', minor: '36', gitVersion: clientVersion, buildDate: '2026-05-12T00:00:00Z', compiler: 'orrery', platform: 'linux/amd64' }
    let server: { gitVersion?: string } | undefined
    let failure: unknown
    if (!flags.bool('client')) {
      try {
        server = await requestJson(context, 'GET', '/version')
      } catch (error) {
        failure = error
      }
    }
    if (output === '') {
      streams.out(`Client Version: ${clientVersion}\nKustomize Version: ${kustomizeVersion}\n`)
      if (server) streams.out(`Server Version: ${server.gitVersion ?? ''}\n`)
    } else {
      const facts = asStruct({ clientVersion: clientFacts, kustomizeVersion, ...(server ? { serverVersion: server } : {}) })
      streams.out(output === 'json' ? printJson(facts).replaceAll('    ', '  ') : printYaml(facts))
    }
    if (failure) throw failure
  },
}
