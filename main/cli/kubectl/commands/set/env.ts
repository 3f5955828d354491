import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import { fetchTarget } from '../../resources/visit.ts'
import { changePodSpecs, fits, podSpecOf, setFlags, splitWords, visitForSet, type Container, type EnvVar } from './pod-template.ts'

export const setEnvCommand: Command = {
  name: 'env',
  use: 'set env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]',
  short: 'Update environment variables on a pod template',
  flags: [
    ...setFlags,
    { name: 'containers', short: 'c', type: 'string', default: '*', help: 'The names of containers in the selected pod templates to change - may use wildcards' },
    { name: 'env', short: 'e', type: 'array', help: 'Specify a key-value pair for an environment variable to set into each container.' },
    { name: 'from', type: 'string', help: 'The name of a resource from which to inject environment variables' },
    { name: 'keys', type: 'list', help: 'Comma-separated list of keys to import from specified resource' },
    { name: 'list', type: 'bool', help: 'If true, display the environment and any changes in the standard format. this flag will removed when we have kubectl view env.' },
    { name: 'overwrite', type: 'bool', default: 'true', help: 'If true, allow environment to be overwritten, otherwise reject updates that overwrite existing environment.' },
    { name: 'prefix', type: 'string', help: 'Prefix to append to variable names' },
    { name: 'resolve', type: 'bool', help: 'If true, show secret or configmap references when listing variables' },
  ],
  async run(context) {
    const { flags, streams } = context
    const { resources, changes } = splitWords(context.args, (word) => word.includes('=') || word.endsWith('-'))
    const words = [...flags.list('env'), ...changes]
    const from = await importedVariables(context)
    if (flags.bool('list') && words.length === 0 && from.length === 0) {
      await visitForSet(context, resources, (info) => {
        for (const container of [...(podSpecOf(info).initContainers ?? []), ...(podSpecOf(info).containers ?? [])]) {
          if (!fits(flags.text('containers'), container.name)) continue
          streams.out(`# ${info.resource.kind} ${info.name}, container ${container.name}\n`)
          for (const variable of container.env ?? []) streams.out(`${variableText(variable)}\n`)
        }
      })
      return
    }
    const set = new Map(words.filter((word) => word.includes('=')).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
    const remove = new Set(words.filter((word) => !word.includes('=')).map((word) => word.slice(0, -1)))
    const wanted: EnvVar[] = [...from, ...[...set].map(([name, value]) => ({ name, value }))]
    await changePodSpecs(context, resources, 'env updated', (podSpec, info) => {
      const update = (list: readonly Container[]): Container[] => list.map((container) => (fits(flags.text('containers'), container.name) ? withVariables(container, wanted, remove, flags.bool('overwrite')) : container))
      const changed = { ...podSpec, containers: update(podSpec.containers ?? []), ...(podSpec.initContainers ? { initContainers: update(podSpec.initContainers) } : {}) }
      if (![...(podSpec.containers ?? []), ...(podSpec.initContainers ?? [])].some((container) => fits(flags.text('containers'), container.name))) {
        streams.err(`warning: ${info.resource.kind}/${info.name} does not have any containers matching ${JSON.stringify(flags.text('containers'))}\n`)
      }
      return changed
    })
  },
}

function withVariables(container: Container, wanted: readonly EnvVar[], remove: ReadonlySet<string>, overwrite: boolean): Container {
  const known = container.env ?? []
  const clash = wanted.find(({ name }) => !overwrite && known.some((old) => old.name === name))
  if (clash) throw new CliError(`'${clash.name}' already has a value (${known.find((old) => old.name === clash.name)?.value ?? ''}), and --overwrite is false`)
  const kept = known.filter(({ name }) => !remove.has(name)).map((old) => wanted.find(({ name }) => name === old.name) ?? old)
  const env = [...kept, ...wanted.filter(({ name }) => !known.some((old) => old.name === name))]
  const { env: _, ...rest } = container
  return env.length > 0 ? { ...rest, env } : rest
}

/** Variables of --from: one for each key of a config map or secret, as references. */
async function importedVariables(context: CommandContext): Promise<EnvVar[]> {
  const { flags, factory } = context
  const from = flags.text('from')
  if (!from) return []
  const [type, name] = from.split('/') as [string, string?]
  const resource = await factory.mapper().byName(type)
  if (resource.kind !== 'ConfigMap' && resource.kind !== 'Secret') throw new CliError(`unsupported resource specified in --from`)
  const source = (await fetchTarget(context, { resource, namespace: factory.namespace(), name: name ?? '' })) as KubeObject & { data?: Record<string, string> }
  const keys = Object.keys(source.data ?? {}).filter((key) => flags.list('keys').length === 0 || flags.list('keys').includes(key)).sort()
  return keys.map((key) => {
    const reference = { name: source.metadata?.name ?? '', key }
    const variable = `${flags.text('prefix')}${key}`.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()
    return { name: variable, valueFrom: resource.kind === 'ConfigMap' ? { configMapKeyRef: reference } : { secretKeyRef: reference } }
  })
}

function variableText({ name, value, valueFrom }: EnvVar): string {
  if (valueFrom?.configMapKeyRef) return `# ${name} from configmap ${valueFrom.configMapKeyRef.name ?? ''}, key ${valueFrom.configMapKeyRef.key}`
  if (valueFrom?.secretKeyRef) return `# ${name} from secret ${valueFrom.secretKeyRef.name ?? ''}, key ${valueFrom.secretKeyRef.key}`
  if (valueFrom?.fieldRef) return `# ${name} from field path ${valueFrom.fieldRef.fieldPath}`
  if (valueFrom?.resourceFieldRef) return `# ${name} from resource ${valueFrom.resourceFieldRef.resource}`
  return `${name}=${value ?? ''}`
}

