import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { asStruct, printJson } from '../printing/go-json.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { printKyaml } from '../printing/kyaml.ts'
import { unknownFormat } from '../printing/output.ts'
import { TabWriter } from '../printing/tab-writer.ts'
import { groupVersionOf, typeName, type ApiResource } from '../resources/mapper.ts'

/** `kubectl api-resources`. */
export const apiResourcesCommand: Command = {
  name: 'api-resources',
  use: 'api-resources [flags] [options]',
  short: 'Print the supported API resources on the server',
  flags: [
    { name: 'api-group', type: 'string', help: 'Limit to resources in the specified API group.' },
    { name: 'cached', type: 'bool', help: 'Use the cached list of resources if available.' },
    { name: 'categories', type: 'list', help: 'Limit to resources that belong to the specified categories.' },
    { name: 'namespaced', type: 'bool', default: 'true', help: 'If false, non-namespaced resources will be returned, otherwise returning namespaced resources by default.' },
    { name: 'no-headers', type: 'bool', help: "When using the default or custom-column output format, don't print headers (default print headers)." },
    { name: 'output', short: 'o', type: 'string', help: 'Output format. One of: (json, yaml, kyaml, name, wide).' },
    { name: 'show-managed-fields', type: 'bool', help: 'Keep managedFields in JSON and YAML.' },
    { name: 'sort-by', type: 'string', help: "If non-empty, sort list of resources using specified field. The field can be either 'name' or 'kind'." },
    { name: 'verbs', type: 'list', help: 'Limit to resources that support the specified verbs.' },
  ],
  async run({ flags, args, streams, factory, path }) {
    if (args.length > 0) throw new CliError(`unexpected arguments: [${args.join(' ')}]\nSee '${path} -h' for help and examples`)
    const sortBy = flags.text('sort-by')
    if (sortBy !== '' && sortBy !== 'name' && sortBy !== 'kind') throw new CliError('--sort-by accepts only name or kind')
    const output = flags.text('output')
    if (!['', 'wide', 'name', 'json', 'yaml', 'kyaml'].includes(output)) throw unknownFormat(output, ['json', 'kyaml', 'name', 'wide', 'yaml'])
    const all = await factory.mapper().all()
    // Each type once, in the version that its group prefers: the first.
    const preferred = all.filter((resource, index) => all.findIndex(({ group, plural }) => group === resource.group && plural === resource.plural) === index)
    const resources = preferred.filter(
      (resource) =>
        resource.verbs.length > 0 &&
        (!flags.changed('api-group') || resource.group === flags.text('api-group')) &&
        (!flags.changed('namespaced') || resource.namespaced === flags.bool('namespaced')) &&
        flags.list('verbs').every((verb) => resource.verbs.includes(verb)) &&
        flags.list('categories').every((category) => resource.categories.includes(category)),
    )
    const sorted = [...resources].sort(orderBy(sortBy))
    if (output === 'name') {
      for (const resource of sorted) streams.out(`${typeName(resource)}\n`)
      return
    }
    if (output !== '' && output !== 'wide') {
      const list = asStruct({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: '', resources: sorted.length > 0 ? sorted.map(entryOf) : null })
      streams.out(output === 'json' ? printJson(list) : output === 'yaml' ? printYaml(list) : printKyaml(list))
      return
    }
    const writer = new TabWriter()
    const wide = output === 'wide'
    if (!flags.bool('no-headers')) writer.row(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])])
    for (const resource of sorted) {
      writer.row([
        resource.plural,
        resource.shortNames.join(','),
        groupVersionOf(resource),
        String(resource.namespaced),
        resource.kind,
        ...(wide ? [resource.verbs.join(','), resource.categories.join(',')] : []),
      ])
    }
    streams.out(writer.flush())
  },
}

/** A resource as discovery's APIResource, fields in the order of its struct. */
function entryOf({ plural, singular, namespaced, group, version, kind, verbs, shortNames, categories }: ApiResource): object {
  return {
    name: plural,
    singularName: singular,
    namespaced,
    ...(group === '' ? {} : { group }),
    version,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  }
}

function orderBy(field: string): (a: ApiResource, b: ApiResource) => number {
  const by = (keys: (resource: ApiResource) => string[]) => (a: ApiResource, b: ApiResource) => {
    const [left, right] = [keys(a), keys(b)]
    for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return left[index]! < right[index]! ? -1 : 1
    return 0
  }
  if (field === 'name') return by((resource) => [resource.plural])
  if (field === 'kind') return by((resource) => [resource.kind])
  return by((resource) => [resource.group, resource.plural])
}
