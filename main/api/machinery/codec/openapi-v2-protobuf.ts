/** The v2 OpenAPI document in the protobuf form that client-go asks for
 *  (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`): gnostic's messages. */
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { formatYaml } from './yaml-format.ts'

/** The bytes of a v2 document. Fields that Kubernetes does not use are left out. */
export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  const writer = new ProtobufWriter()
  const reversed: (() => void)[] = [
    () => text(writer, 1, document.swagger),
    () => message(writer, 2, () => {
      const info = asObject(document.info)
      text(writer, 2, info.version)
      text(writer, 1, info.title)
    }),
    () => message(writer, 8, () => named(writer, 2, asObject(document.paths), (item) => pathItem(writer, item))),
    () => message(writer, 9, () => named(writer, 1, asObject(document.definitions), (item) => schema(writer, item))),
    () => message(writer, 13, () => named(writer, 1, asObject(document.securityDefinitions), (item) => message(writer, 2, () => {
      text(writer, 4, item.description)
      text(writer, 3, item.in)
      text(writer, 2, item.name)
      text(writer, 1, item.type)
    }))),
  ]
  for (const step of reversed.reverse()) step()
  return writer.finish()
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function text(writer: ProtobufWriter, field: number, value: unknown): void {
  if (typeof value !== 'string' || value === '') return
  const before = writer.length
  writer.text(value)
  writer.delimited(field, before)
}

function flag(writer: ProtobufWriter, field: number, value: unknown): void {
  if (value !== true) return
  writer.varint(1)
  writer.tag(field, 0)
}

function texts(writer: ProtobufWriter, field: number, values: unknown): void {
  if (Array.isArray(values)) for (let i = values.length - 1; i >= 0; i--) text(writer, field, values[i])
}

/** Always written, even when empty: absent and empty messages differ. */
function message(writer: ProtobufWriter, field: number, body: () => void): void {
  const before = writer.length
  body()
  writer.delimited(field, before)
}

/** A repeated pair of name and value, for maps. */
function named(writer: ProtobufWriter, field: number, map: JsonObject, value: (item: JsonObject) => void): void {
  for (const name of Object.keys(map).reverse()) {
    message(writer, field, () => {
      message(writer, 2, () => value(asObject(map[name])))
      text(writer, 1, name)
    })
  }
}

/** gnostic carries free values as YAML text. */
function any(writer: ProtobufWriter, field: number, value: unknown): void {
  message(writer, field, () => text(writer, 2, formatYaml(value)))
}

function extensions(writer: ProtobufWriter, field: number, source: JsonObject): void {
  for (const name of Object.keys(source).filter((key) => key.startsWith('x-')).reverse()) {
    message(writer, field, () => {
      any(writer, 2, source[name])
      text(writer, 1, name)
    })
  }
}

function schema(writer: ProtobufWriter, source: JsonObject): void {
  extensions(writer, 31, source)
  if (isObject(source.properties)) message(writer, 25, () => named(writer, 1, asObject(source.properties), (item) => schema(writer, item)))
  if (Array.isArray(source.allOf)) for (let i = source.allOf.length - 1; i >= 0; i--) message(writer, 24, () => schema(writer, asObject((source.allOf as unknown[])[i])))
  if (isObject(source.items)) message(writer, 23, () => message(writer, 1, () => schema(writer, asObject(source.items))))
  if (typeof source.type === 'string') message(writer, 22, () => text(writer, 1, source.type))
  if (isObject(source.additionalProperties)) message(writer, 21, () => message(writer, 1, () => schema(writer, asObject(source.additionalProperties))))
  if (Array.isArray(source.enum)) for (let i = source.enum.length - 1; i >= 0; i--) any(writer, 20, (source.enum as unknown[])[i])
  texts(writer, 19, source.required)
  if (source.default !== undefined) any(writer, 5, source.default)
  text(writer, 4, source.description)
  text(writer, 2, source.format)
  text(writer, 1, source.$ref)
}

const methods = [['patch', 8], ['delete', 5], ['post', 4], ['put', 3], ['get', 2]] as const

function pathItem(writer: ProtobufWriter, source: JsonObject): void {
  parameters(writer, 9, source.parameters)
  for (const [method, field] of methods) if (isObject(source[method])) message(writer, field, () => operation(writer, asObject(source[method])))
}

function operation(writer: ProtobufWriter, source: JsonObject): void {
  extensions(writer, 13, source)
  message(writer, 9, () => named(writer, 1, asObject(source.responses), (item) => message(writer, 1, () => {
    if (isObject(item.schema)) message(writer, 2, () => message(writer, 1, () => schema(writer, asObject(item.schema))))
    text(writer, 1, item.description)
  })))
  parameters(writer, 8, source.parameters)
  texts(writer, 7, source.consumes)
  texts(writer, 6, source.produces)
  text(writer, 5, source.operationId)
  text(writer, 3, source.description)
  texts(writer, 1, source.tags)
}

function parameters(writer: ProtobufWriter, field: number, list: unknown): void {
  if (!Array.isArray(list)) return
  for (const each of (list as unknown[]).toReversed()) message(writer, field, () => message(writer, 1, () => parameter(writer, asObject(each))))
}

function parameter(writer: ProtobufWriter, source: JsonObject): void {
  if (source.in === 'body') {
    message(writer, 1, () => {
      if (isObject(source.schema)) message(writer, 5, () => schema(writer, asObject(source.schema)))
      flag(writer, 4, source.required)
      text(writer, 3, source.in)
      text(writer, 2, source.name)
      text(writer, 1, source.description)
    })
    return
  }
  const isQuery = source.in === 'query'
  message(writer, 2, () => message(writer, isQuery ? 3 : 4, () => {
    text(writer, isQuery ? 6 : 5, source.type)
    text(writer, 4, source.name)
    text(writer, 3, source.description)
    text(writer, 2, source.in)
    flag(writer, 1, source.required)
  }))
}
