import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import type { Flag } from '../flags.ts'
import type { ApiResource } from './mapper.ts'

/** What the words after a command select: whole types, or named objects. */
export interface Selection {
  readonly resource: ApiResource
  /** Absent: all of the type. */
  readonly name?: string
}

export const missingTypesText = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`

export const filenameFlags: readonly Flag[] = [
  { name: 'filename', short: 'f', type: 'list', help: 'Filename, directory, or URL to files identifying the resource.' },
  { name: 'recursive', short: 'R', type: 'bool', help: 'Process the directory used in -f, --filename recursively. Useful when you want to manage related manifests organized within the same directory.' },
  { name: 'kustomize', short: 'k', type: 'string', help: 'Process the kustomization directory. This flag can\'t be used together with -f or -R.' },
]

/** Reads `TYPE[,TYPE…] [NAME…]` or `TYPE/NAME …`, with kubectl's complaints. */
export async function selectionsOf(context: CommandContext, args: readonly string[], options: { readonly categories: boolean }): Promise<Selection[]> {
  const mapper = context.factory.mapper()
  if (args.length === 0) throw new CliError(missingTypesText)
  if (args.some((arg) => arg.includes('/'))) {
    const selections: Selection[] = []
    for (const arg of args) {
      const parts = arg.split('/')
      if (parts.length === 1) throw new CliError(`there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'`)
      if (parts.length > 2) throw new CliError(`arguments in resource/name form may not have more than one slash`)
      if (parts[0] === '' || parts[1] === '') throw new CliError(`arguments in resource/name form must have a single resource and name`)
      selections.push({ resource: await mapper.byName(parts[0]!), name: parts[1]! })
    }
    return selections
  }
  const [types, ...names] = args
  const resources: ApiResource[] = []
  for (const type of types!.split(',')) {
    if (type === '') throw new CliError(`the server doesn't have a resource type ""`)
    const category = options.categories ? await mapper.byCategory(type) : []
    for (const resource of category.length > 0 ? category : [await mapper.byName(type)]) if (!resources.includes(resource)) resources.push(resource)
  }
  if (names.length === 0) return resources.map((resource) => ({ resource }))
  return resources.flatMap((resource) => [...new Set(names)].map((name) => ({ resource, name })))
}
