/** Types of kinds: of built-in ones from their definitions, of custom ones from what the server publishes of them. */
import { typeOfDefinition } from '../../../api/cel/definition-types.ts'
import { typeOfSchema } from '../../../api/cel/schema-types.ts'
import type { Type } from '../../../api/cel/types.ts'
import type { ApiClient } from '../../../api/client/contract.ts'
import type { APIResourceList, JSONSchemaProps } from '../../../api/generated/types.ts'
import { builtInKinds } from '../../../api/kinds/registry.ts'
import { isObject } from '../../../api/machinery/json-value.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import type { TypeResolver } from './type-checking.ts'

interface Published {
  readonly kinds: ReadonlyMap<string, string>
  readonly types: ReadonlyMap<string, Type>
}

/** A resolver for what these groups and versions hold; what the server does not know of is not resolved. */
export async function resolverFor(client: ApiClient, groupVersions: readonly { readonly group: string; readonly version: string }[]): Promise<TypeResolver> {
  const published = new Map<string, Published>()
  for (const { group, version } of groupVersions) {
    const key = `${group}/${version}`
    const isBuiltIn = builtInKinds.some((kind) => kind.group === group && kind.version === version)
    if (group !== '' && !isBuiltIn && !published.has(key)) published.set(key, await publishedIn(client, group, version))
  }
  return {
    kindOf: (group, version, resource) => builtInKinds.find((kind) => kind.group === group && kind.version === version && kind.plural === resource)?.kind ?? published.get(`${group}/${version}`)?.kinds.get(resource),
    typeOf(group, version, name) {
      const kind = builtInKinds.find((each) => each.group === group && each.version === version && each.kind === name)
      const definition = kind && schemaOf(kind.schema)
      return definition ? typeOfDefinition(definition) : published.get(`${group}/${version}`)?.types.get(name)
    },
  }
}

async function publishedIn(client: ApiClient, group: string, version: string): Promise<Published> {
  const kinds = new Map<string, string>()
  const types = new Map<string, Type>()
  const list = (await bodyOf(client, `/apis/${group}/${version}`)) as Partial<APIResourceList>
  for (const { name, kind } of list.resources ?? []) if (!name.includes('/')) kinds.set(name, kind)
  const document = (await bodyOf(client, `/openapi/v3/apis/${group}/${version}`)) as { components?: { schemas?: Record<string, JSONSchemaProps & Record<string, unknown>> } }
  for (const schema of Object.values(document.components?.schemas ?? {})) {
    const named = schema['x-kubernetes-group-version-kind']
    const found = Array.isArray(named) ? (named as { group?: string; version?: string; kind?: string }[]).find((each) => each.group === group && each.version === version) : undefined
    const type = found?.kind && typeOfSchema(schema, true)
    if (type) types.set(found.kind!, type)
  }
  return { kinds, types }
}

async function bodyOf(client: ApiClient, path: string): Promise<object> {
  try {
    const { status, body } = await client.raw('GET', path, undefined, { accept: 'application/json' })
    if (status !== 200 || body === undefined) return {}
    const value: unknown = body instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(body)) : body
    return isObject(value) ? value : {}
  } catch {
    // A type that cannot be found is not checked: that never changes what a policy does.
    return {}
  }
}
