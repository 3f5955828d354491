/** kubectl's resource builder: what files or arguments name, one object after the other, errors collected as they come. */
import { quote } from '../../../api/machinery/go-text.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, ManyErrors, throwCollected } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import { listObjects, readObject, type Target } from './objects.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { readBody, requestJson } from './requests.ts'
import { withWords } from '../status-error-text.ts'
import type { ApiResource } from './mapper.ts'
import { selectionsOf } from './selection.ts'
import type { FileObject } from './files.ts'

/** One object that a command acts on. */
export interface Info extends Target {
  /** From the file, or from the server when it was fetched. */
  readonly object: KubeObject & Record<string, unknown>
  /** The file that it came from; empty for arguments. */
  readonly source: string
}

export interface VisitOptions {
  /** Of arguments: read the objects from the server. Otherwise they carry a name only. */
  readonly fetch?: boolean
  /** Of files: read them from the server too. */
  readonly latest?: boolean
  /** Checks of --validate; absent: only what decoding needs. */
  readonly validate?: boolean
  readonly all?: boolean
  readonly selector?: string
  readonly fieldSelector?: string
  readonly allNamespaces?: boolean
  readonly ignoreNotFound?: boolean
  readonly categories?: boolean
  /** Files only, and no word to the server: kinds are taken as they are named, namespaces as they are written. */
  readonly local?: boolean
  /** Said when neither files nor arguments are given. */
  readonly missing?: () => Error
}

type Visitor = (info: Info) => Promise<void> | void

/** Calls `visit` for each object in order; goes on after errors and throws them together at the end. */
export async function visitInfos(context: CommandContext, args: readonly string[], options: VisitOptions, visit: Visitor): Promise<void> {
  const errors: unknown[] = []
  if (options.local && !filesGiven(context)) throw new CliError(missingLocalFilesText)
  if (filesGiven(context)) {
    if (args.length > 0) throw new CliError('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well')
    await visitFiles(context, options, visit, errors)
  } else await visitArguments(context, args, options, visit, errors)
  throwCollected(errors.flatMap((error) => (error instanceof ManyErrors ? error.errors : [error])))
}

/** The same as a list; what could be read before an error is lost with it. */
export async function collectInfos(context: CommandContext, args: readonly string[], options: VisitOptions): Promise<Info[]> {
  const infos: Info[] = []
  await visitInfos(context, args, options, (info) => void infos.push(info))
  return infos
}

export function filesGiven({ flags }: CommandContext): boolean {
  return (flags.has('filename') && flags.list('filename').length > 0) || (flags.has('kustomize') && flags.text('kustomize') !== '')
}

async function visitFiles(context: CommandContext, options: VisitOptions, visit: Visitor, errors: unknown[]): Promise<void> {
  const { fileSources, parseSource } = await import('./files.ts')
  for (const source of await fileSources(context)) {
    try {
      for (const found of parseSource(source, options.validate ?? false)) {
        try {
          if (options.validate) await checkKind(context, found)
          const info = options.local ? localInfo(found) : await infoOf(context, found)
          await visit(options.latest ? { ...info, object: await fetchTarget(context, info) } : info)
        } catch (error) {
          errors.push(error)
        }
      }
    } catch (error) {
      errors.push(error)
    }
  }
}

/** Reads an object. When it is missing because its namespace is, that is said instead, as upstream's Info.Get does. */
export async function fetchTarget(context: CommandContext, target: Target, subresource?: string): Promise<Info['object']> {
  if (target.name === '') throw new CliError('resource name may not be empty')
  try {
    return await readObject<Info['object']>(context, target, subresource)
  } catch (error) {
    throw await missingNamespace(context, target, error)
  }
}

/** The error, or the one about the object's namespace when that is missing too. */
export async function missingNamespace(context: CommandContext, target: Target, error: unknown): Promise<unknown> {
  if (!(error instanceof StatusError) || error.reason !== 'NotFound' || !target.resource.namespaced || !target.namespace || target.namespace === 'default') return error
  try {
    await requestJson(context, 'GET', `/api/v1/namespaces/${encodeURIComponent(target.namespace)}`)
    return error
  } catch (missing) {
    return missing instanceof StatusError && missing.reason === 'NotFound' ? missing : error
  }
}

/** What a list by selectors answered, with the selectors named. */
export function withSelectors(error: unknown, resource: ApiResource, selector: string, fieldSelector: string): unknown {
  if (!(error instanceof StatusError) || (error.reason !== 'BadRequest' && error.reason !== 'NotFound') || (selector === '' && fieldSelector === '')) return error
  return withWords(error, `Unable to find "${resource.group}/${resource.version}, Resource=${resource.plural}" that match label selector ${quote(selector)}, field selector ${quote(fieldSelector)}: `)
}

/** `Resource: "apps/v1, Resource=deployments", GroupVersionKind: …`: how errors describe an object. */
export function describeTarget({ resource, name, namespace }: Target): string {
  const groupVersion = `${resource.group}/${resource.version}`
  return `Resource: "${groupVersion}, Resource=${resource.plural}", GroupVersionKind: "${groupVersion}, Kind=${resource.kind}"\nName: ${quote(name)}, Namespace: ${quote(namespace ?? '')}`
}

/** Validation of a kind that a version which the server serves does not have begins with a look at the custom resources. */
async function checkKind(context: CommandContext, { object, source }: FileObject): Promise<void> {
  if (!(await context.factory.mapper().lacksKind(object.apiVersion ?? '', object.kind ?? ''))) return
  const response = await context.factory.client().raw('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions')
  if (response.status < 400) return
  const message = response.status === 404 ? 'the server could not find the requested resource' : ((JSON.parse(readBody(response)) as { message?: string }).message ?? '')
  throw new CliError(`error validating ${quote(source)}: error validating data: failed to check CRD: failed to list CRDs: ${message}; if you choose to ignore these errors, turn validation off with --validate=false`)
}

const missingLocalFilesText = `you must specify resources by --filename when --local is set.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'`

/** An object as its file has it, of a resource that nobody was asked about. */
function localInfo({ object, source }: FileObject): Info {
  const [version = '', group = ''] = (object.apiVersion ?? '').split('/').reverse()
  const kind = object.kind ?? ''
  const resource: ApiResource = { group, version, kind, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase(), shortNames: [], categories: [], namespaced: false, verbs: [], subresources: [] }
  return { resource, name: object.metadata?.name ?? '', namespace: object.metadata?.namespace, object, source }
}

/** Finds the resource and the namespace of an object from a file. */
export async function infoOf(context: CommandContext, { object, source }: FileObject): Promise<Info> {
  const { factory } = context
  const name = object.metadata?.name ?? ''
  const resource = await factory.mapper().byKind(object.apiVersion ?? '', object.kind ?? '', name, object.metadata?.namespace ?? '', source)
  if (!resource.namespaced) return { resource, name, object, source }
  const own = object.metadata?.namespace
  const wanted = factory.namespace()
  if (own && own !== wanted && factory.namespaceIsExplicit()) {
    throw new CliError(`the namespace from the provided object "${own}" does not match the namespace "${wanted}". You must pass '--namespace=${own}' to perform this operation.`)
  }
  const namespace = own || wanted
  return { resource, name, namespace, source, object: own ? object : { ...object, metadata: { ...object.metadata, namespace } } }
}

async function visitArguments(context: CommandContext, args: readonly string[], options: VisitOptions, visit: Visitor, errors: unknown[]): Promise<void> {
  const { factory } = context
  if (args.length === 0 && options.missing) throw options.missing()
  const bySelector = Boolean(options.all || options.selector || options.fieldSelector)
  const selections = await selectionsOf(context, args, { categories: options.categories ?? false })
  if (bySelector && selections.some((selection) => selection.name !== undefined)) {
    throw new CliError(options.selector ? 'name cannot be provided when a selector is specified' : options.fieldSelector ? 'name cannot be provided when a field selector is specified' : 'setting \'all\' parameter but found a non empty selector. ')
  }
  if (!bySelector && selections.some((selection) => selection.name === undefined)) throw new CliError('resource(s) were provided, but no name was specified')
  for (const { resource, name } of selections) {
    const namespace = resource.namespaced && !options.allNamespaces ? factory.namespace() : undefined
    try {
      if (name === undefined) {
        const items = await listObjects(context, resource, namespace, { ...(options.selector ? { labelSelector: options.selector } : {}), ...(options.fieldSelector ? { fieldSelector: options.fieldSelector } : {}) })
        for (const item of items) {
          const info: Info = { resource, namespace: item.metadata?.namespace, name: item.metadata?.name ?? '', object: item as Info['object'], source: '' }
          await visit(info)
        }
      } else {
        const target = { resource, name, namespace }
        const object = options.fetch
          ? await fetchTarget(context, target)
          : ({ apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`, kind: resource.kind, metadata: { name, ...(namespace ? { namespace } : {}) } } as Info['object'])
        await visit({ ...target, object, source: '' })
      }
    } catch (error) {
      errors.push(name === undefined ? withSelectors(error, resource, options.selector ?? '', options.fieldSelector ?? '') : error)
    }
  }
}
