/** Bytes of answers. */
import { encodeProtobuf } from '../../../api/machinery/codec/protobuf.ts'
import { formatYaml } from '../../../api/machinery/codec/yaml-format.ts'
import { isList } from '../../../api/machinery/list.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { objectJson } from '../../../api/machinery/object-json.ts'
import { definitionNameOf } from '../../../api/machinery/openapi/kind.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import type { Definition } from '../../../api/machinery/schema.ts'
import { failure, StatusError } from '../../../api/machinery/status-error.ts'
import type { OutputForm } from './output.ts'
import { mediaTypes } from './output.ts'
import { partialDefinition } from './partial-definitions.ts'

const encoder = new TextEncoder()

/** The body of an answer, and its content type. Throws 406 for what has no binary form. */
export function encodeBody(object: object, form: OutputForm): { readonly body: Uint8Array | object; readonly contentType: string } {
  switch (form.encoding) {
    case 'reference':
      return { body: object, contentType: mediaTypes.json }
    case 'yaml':
      return { body: encoder.encode(formatYaml(forWire(object))), contentType: mediaTypes.yaml }
    case 'protobuf':
      return { body: protobufOf(object), contentType: mediaTypes.protobuf }
    default:
      return { body: encoder.encode(form.pretty ? JSON.stringify(forWire(object), null, 2) : `${jsonOf(object)}\n`), contentType: mediaTypes.json }
  }
}

const texts = new WeakMap<object, string>()
const itemTexts = new WeakMap<object, string>()

/** JSON of an object or list. Texts of stored objects are kept as long as the objects are: most are sent more than once. */
function jsonOf(object: object): string {
  if (isList(object)) return listJson(object)
  if (!isStored(object)) return JSON.stringify(object)
  let text = texts.get(object)
  if (text === undefined) texts.set(object, (text = objectJson(object as KubeObject)))
  return text
}

/** Items of lists of built-in kinds say neither kind nor apiVersion on the wire: the list does. */
function listJson(list: { items: object[] }): string {
  const { items, ...head } = list
  const texts = items.map((item) => {
    let text = itemTexts.get(item)
    if (text === undefined) {
      text = JSON.stringify(bareItem(item))
      if (isStored(item)) itemTexts.set(item, text)
    }
    return text
  })
  const start = JSON.stringify(head)
  return `${start.slice(0, -1)}${start.length > 2 ? ',' : ''}"items":[${texts.join(',')}]}`
}

/** The same object as clients see it on the wire. */
function forWire(object: object): object {
  return isList(object) ? { ...object, items: object.items.map(bareItem) } : object
}

function bareItem(item: object): object {
  const { kind, apiVersion, ...rest } = item as Partial<KubeObject>
  return kind !== undefined && apiVersion !== undefined && apiVersion !== 'meta.k8s.io/v1' && definitionNameOf(apiVersion, kind) !== undefined ? rest : item
}

function isStored(object: object): boolean {
  return (object as Partial<KubeObject>).metadata?.resourceVersion !== undefined
}

const protobufs = new WeakMap<object, Uint8Array>()

/** The whole binary body of an object. Throws 406 for kinds that have none (custom resources, tables). */
export function protobufOf(object: object): Uint8Array {
  const known = protobufs.get(object)
  if (known) return known
  const definition = definitionOf(object as KubeObject) ?? partialDefinition((object as KubeObject).apiVersion, (object as KubeObject).kind)
  if (!definition) throw new StatusError(failure(406, 'NotAcceptable', 'object *unstructured.Unstructured does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message'))
  const bytes = encodeProtobuf(object as KubeObject, definition)
  if (isStored(object) && !isList(object)) protobufs.set(object, bytes)
  return bytes
}

function definitionOf({ apiVersion, kind }: KubeObject): Definition | undefined {
  const name = definitionNameOf(apiVersion, kind)
  return name === undefined ? undefined : schemaOf(name)
}
