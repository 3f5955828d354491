/** application/vnd.kubernetes.protobuf: every definition with wire facts, encoded and decoded. A body is the four bytes `k8s\0`,
 *  then a runtime.Unknown with apiVersion, kind and the object's bytes. Unknown fields are skipped; what Go leaves out of JSON is
 *  left out here (an empty string of a field that is no pointer is no value). */
import { compareBytes } from '../go-text.ts'
import { isObject, setOwn } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { mustSchemaOf } from '../schema.ts'
import type { Definition, Field, ScalarName, SchemaType } from '../schema.ts'
import { formatDuration, formatMicroTime, formatTime, parseDuration, parseTime } from '../time.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { DecodeError, parseJsonBytes } from './json.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

const magic = [0x6b, 0x38, 0x73, 0x00]
const jsonEncoder = new TextEncoder()

/** Finds the definition of a kind: `definitionOf('apps/v1', 'Deployment')`; undefined = not known. */
export type DefinitionFinder = (apiVersion: string, kind: string) => Definition | undefined

/** Whether a body starts as a protobuf body does. */
export function isProtobuf(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}

/** The body of an object: envelope and all. */
export function encodeProtobuf(object: { apiVersion?: string; kind?: string }, definition: Definition): Uint8Array {
  const writer = new ProtobufWriter()
  // Field 4 and 3 of Unknown: content type and encoding, empty for the raw protobuf inside.
  writer.varint(0)
  writer.tag(4, 2)
  writer.varint(0)
  writer.tag(3, 2)
  let before = writer.length
  writeMessage(writer, object as JsonObject, planOf(definition))
  writer.delimited(2, before)
  before = writer.length
  writeText(writer, 2, object.kind ?? '')
  writeText(writer, 1, object.apiVersion ?? '')
  writer.delimited(1, before)
  writer.bytes(Uint8Array.from(magic))
  return writer.finish()
}

/** The bytes of a definition without an envelope. */
export function encodeMessage(object: JsonObject, definition: Definition): Uint8Array {
  const writer = new ProtobufWriter()
  writeMessage(writer, object, planOf(definition))
  return writer.finish()
}

/** One frame of a protobuf watch: four bytes of length, then a WatchEvent whose object is a whole body. */
export function encodeWatchFrame(type: string, objectBody: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter()
  const before = writer.length
  writeBytes(writer, 1, objectBody)
  writer.delimited(2, before)
  writeText(writer, 1, type)
  const length = writer.length
  writer.bytes(Uint8Array.of((length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255))
  return writer.finish()
}

/** The event of one watch frame without its length: type and the object's body. */
export function decodeWatchFrame(frame: Uint8Array): { type: string; objectBody: Uint8Array } {
  const reader = new ProtobufReader(frame)
  let type = ''
  let objectBody: Uint8Array = new Uint8Array()
  while (!reader.done) {
    const tag = reader.varint()
    if (tag === 10) type = reader.text()
    else if (tag === 18) {
      const raw = reader.message()
      while (!raw.done) {
        const inner = raw.varint()
        if (inner === 10) objectBody = raw.bytes()
        else raw.skip(inner & 7)
      }
    } else reader.skip(tag & 7)
  }
  return { type, objectBody }
}

export interface Unknown {
  readonly apiVersion: string
  readonly kind: string
  readonly raw: Uint8Array
  readonly contentType: string
}

/** Opens the envelope. Throws DecodeError. */
export function decodeEnvelope(bytes: Uint8Array): Unknown {
  if (!isProtobuf(bytes)) throw new DecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  const reader = new ProtobufReader(bytes, 4)
  let [apiVersion, kind, contentType] = ['', '', '']
  let raw: Uint8Array = new Uint8Array()
  while (!reader.done) {
    const tag = reader.varint()
    if (tag === 10) {
      const meta = reader.message()
      while (!meta.done) {
        const inner = meta.varint()
        if (inner === 10) apiVersion = meta.text()
        else if (inner === 18) kind = meta.text()
        else meta.skip(inner & 7)
      }
    } else if (tag === 18) raw = reader.bytes()
    else if (tag === 34) contentType = reader.text()
    else reader.skip(tag & 7)
  }
  return { apiVersion, kind, raw, contentType }
}

/** Decodes a body. The envelope's apiVersion and kind say which definition it is (`fallback` where it is silent). Throws
 *  DecodeError. */
export function decodeProtobuf(bytes: Uint8Array, definitionOf: DefinitionFinder, fallback?: { apiVersion: string; kind: string }): JsonObject {
  const unknown = decodeEnvelope(bytes)
  const apiVersion = unknown.apiVersion || (fallback?.apiVersion ?? '')
  const kind = unknown.kind || (fallback?.kind ?? '')
  const definition = definitionOf(apiVersion, kind)
  if (!definition) throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}"`)
  return { kind, apiVersion, ...decodeMessage(unknown.raw, definition) }
}

/** Decodes a definition's bytes without an envelope. Throws DecodeError. */
export function decodeMessage(bytes: Uint8Array, definition: Definition): JsonObject {
  return readMessage(new ProtobufReader(bytes), planOf(definition), 0)
}

/** A message's fields by number; inlined messages are plans without a field of their own. */
interface Plan {
  /** In falling order of number: how a message is written backwards. */
  readonly steps: readonly Step[]
  readonly byNumber: ReadonlyMap<number, Step>
}

type Step = { readonly number: number; readonly field: Field } | { readonly number: number; readonly inlined: Plan }

const plans = new WeakMap<Definition, Plan>()

function planOf(definition: Definition): Plan {
  let plan = plans.get(definition)
  if (!plan) {
    plan = makePlan([...definition.fields.values()].filter((field) => field.wire.length > 0), 0)
    plans.set(definition, plan)
  }
  return plan
}

function makePlan(fields: readonly Field[], depth: number): Plan {
  const byNumber = new Map<number, Step>()
  const groups = new Map<number, Field[]>()
  for (const field of fields) {
    const number = field.wire[depth] as number
    if (field.wire.length === depth + 1) byNumber.set(number, { number, field })
    else groups.set(number, [...(groups.get(number) ?? []), field])
  }
  for (const [number, inner] of groups) byNumber.set(number, { number, inlined: makePlan(inner, depth + 1) })
  return { byNumber, steps: [...byNumber.values()].sort((a, b) => b.number - a.number) }
}

function writeMessage(writer: ProtobufWriter, object: JsonObject, plan: Plan): void {
  for (const step of plan.steps) {
    if ('inlined' in step) {
      const before = writer.length
      writeMessage(writer, object, step.inlined)
      // Upstream always writes inlined messages; an empty one says nothing.
      if (writer.length > before) writer.delimited(step.number, before)
      continue
    }
    const value = object[step.field.name]
    if (value !== undefined && value !== null) writeField(writer, step.number, value, step.field.type)
  }
}

function writeField(writer: ProtobufWriter, number: number, value: unknown, type: SchemaType): void {
  switch (type.is) {
    case 'scalar':
      return writeScalar(writer, number, value, type.scalar)
    case 'object': {
      const before = writer.length
      if (isObject(value)) writeMessage(writer, value, planOf(type.target))
      return writer.delimited(number, before)
    }
    case 'list': {
      const items = value as readonly unknown[]
      if (!type.wrapped) {
        for (let i = items.length - 1; i >= 0; i--) writeField(writer, number, items[i] ?? zeroOf(type.items), type.items)
        return
      }
      const before = writer.length
      for (let i = items.length - 1; i >= 0; i--) writeField(writer, 1, items[i], type.items)
      return writer.delimited(number, before)
    }
    default: {
      const map = value as JsonObject
      for (const key of Object.keys(map).sort(compareBytes).reverse()) {
        const before = writer.length
        const item = map[key]
        writeField(writer, 2, item ?? zeroOf(type.values), type.values)
        writeText(writer, 1, key)
        writer.delimited(number, before)
      }
    }
  }
}

function zeroOf(type: SchemaType): unknown {
  if (type.is === 'list') return []
  if (type.is !== 'scalar') return {}
  return type.scalar === 'boolean' ? false : type.scalar === 'int32' || type.scalar === 'int64' || type.scalar === 'double' ? 0 : ''
}

function writeText(writer: ProtobufWriter, number: number, text: string): void {
  const before = writer.length
  writer.text(text)
  writer.delimited(number, before)
}

function writeBytes(writer: ProtobufWriter, number: number, bytes: Uint8Array): void {
  writer.bytes(bytes)
  writer.varint(bytes.length)
  writer.tag(number, 2)
}

/** A message with one field of JSON bytes: RawExtension, FieldsV1, JSON. */
function writeRaw(writer: ProtobufWriter, number: number, value: unknown): void {
  const before = writer.length
  writeBytes(writer, 1, jsonEncoder.encode(JSON.stringify(value)))
  writer.delimited(number, before)
}

function writeScalar(writer: ProtobufWriter, number: number, value: unknown, scalar: ScalarName): void {
  const before = writer.length
  switch (scalar) {
    case 'string':
      return writeText(writer, number, value as string)
    case 'int32':
    case 'int64':
      writer.integer(value as number)
      return writer.tag(number, 0)
    case 'boolean':
      writer.varint(value ? 1 : 0)
      return writer.tag(number, 0)
    case 'double':
      writer.double(value as number)
      return writer.tag(number, 1)
    case 'bytes':
      return writeBytes(writer, number, decodeBase64(value as string))
    case 'Time':
    case 'MicroTime': {
      const ms = parseTime(value as string)
      if (ms !== undefined) {
        const seconds = Math.floor(ms / 1000)
        writer.integer(scalar === 'MicroTime' ? Math.round((ms - seconds * 1000) * 1000) * 1000 : 0)
        writer.tag(2, 0)
        writer.integer(seconds)
        writer.tag(1, 0)
      }
      return writer.delimited(number, before)
    }
    case 'Quantity':
      writeText(writer, 1, String(value))
      return writer.delimited(number, before)
    case 'IntOrString': {
      const isText = typeof value === 'string'
      writeText(writer, 3, isText ? value : '')
      writer.integer(isText ? 0 : (value as number))
      writer.tag(2, 0)
      writer.varint(isText ? 1 : 0)
      writer.tag(1, 0)
      return writer.delimited(number, before)
    }
    case 'Duration':
      writer.integer(Math.round((parseDuration(value as string) ?? 0) * 1e6))
      writer.tag(1, 0)
      return writer.delimited(number, before)
    case 'RawExtension':
    case 'FieldsV1':
    case 'JSON':
      return writeRaw(writer, number, value)
    case 'JSONSchemaPropsOrArray':
      if (Array.isArray(value)) for (let i = value.length - 1; i >= 0; i--) writeSchema(writer, 2, value[i])
      else writeSchema(writer, 1, value)
      return writer.delimited(number, before)
    case 'JSONSchemaPropsOrBool':
      if (isObject(value)) writeSchema(writer, 2, value)
      // A schema allows, as upstream has it.
      writer.varint(value === false ? 0 : 1)
      writer.tag(1, 0)
      return writer.delimited(number, before)
    default:
      if (Array.isArray(value)) for (let i = value.length - 1; i >= 0; i--) writeText(writer, 2, String(value[i]))
      else writeSchema(writer, 1, value)
      return writer.delimited(number, before)
  }
}

function schemaProps(): Definition {
  return mustSchemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')
}

function writeSchema(writer: ProtobufWriter, number: number, value: unknown): void {
  const before = writer.length
  if (isObject(value)) writeMessage(writer, value, planOf(schemaProps()))
  writer.delimited(number, before)
}

const depthMax = 200

function readMessage(reader: ProtobufReader, plan: Plan, depth: number, into: JsonObject = {}): JsonObject {
  if (depth > depthMax) throw new DecodeError('proto: exceeded max depth')
  while (!reader.done) {
    const tag = reader.varint()
    const number = Math.floor(tag / 8)
    const wireType = tag & 7
    if (number === 0) throw new DecodeError('proto: illegal tag 0 (wire type ' + wireType + ')')
    const step = plan.byNumber.get(number)
    if (!step) reader.skip(wireType)
    else if ('inlined' in step) readMessage(reader.message(), step.inlined, depth + 1, into)
    else readField(reader, wireType, step.field, into, depth)
  }
  return into
}

function readField(reader: ProtobufReader, wireType: number, field: Field, into: JsonObject, depth: number): void {
  const { type, name } = field
  if (type.is === 'list' && !type.wrapped) {
    const list = (Object.hasOwn(into, name) ? into[name] : undefined) as unknown[] | undefined
    const items = list ?? []
    if (wireType === 2 && isNumber(type.items)) {
      const packed = reader.message()
      while (!packed.done) items.push(readValue(packed, type.items, depth))
    } else items.push(readValue(checked(reader, wireType, type.items, name), type.items, depth))
    if (!list) setOwn(into, name, items)
    return
  }
  if (type.is === 'map') {
    const map = ((Object.hasOwn(into, name) ? into[name] : undefined) as JsonObject | undefined) ?? {}
    readEntry(reader.message(), type.values, map, depth)
    setOwn(into, name, map)
    return
  }
  const value = readValue(checked(reader, wireType, type, name), type, depth)
  if (value === undefined) return
  // Go writes zeros of fields that are no pointers, and leaves them out of JSON.
  if (!field.pointer && !field.keepsZero && (value === '' || value === 0 || value === false)) return
  setOwn(into, name, value)
}

function isNumber(type: SchemaType): boolean {
  return type.is === 'scalar' && (type.scalar === 'int32' || type.scalar === 'int64' || type.scalar === 'boolean' || type.scalar === 'double')
}

function checked(reader: ProtobufReader, wireType: number, type: SchemaType, name: string): ProtobufReader {
  const expected = !isNumber(type) ? 2 : type.is === 'scalar' && type.scalar === 'double' ? 1 : 0
  if (wireType !== expected) throw new DecodeError(`proto: wrong wireType = ${wireType} for field ${name.slice(0, 1).toUpperCase()}${name.slice(1)}`)
  return reader
}

function readEntry(reader: ProtobufReader, type: SchemaType, map: JsonObject, depth: number): void {
  let key = ''
  let value: unknown
  while (!reader.done) {
    const tag = reader.varint()
    if (tag === 10) key = reader.text()
    else if (Math.floor(tag / 8) === 2) value = readValue(checked(reader, tag & 7, type, 'value'), type, depth)
    else reader.skip(tag & 7)
  }
  setOwn(map, key, value ?? (type.is === 'scalar' && type.scalar === 'Quantity' ? '0' : zeroOf(type)))
}

/** The one field of a message, last one wins. */
function only(reader: ProtobufReader, tag: number, read: (reader: ProtobufReader) => unknown): unknown {
  let value: unknown
  while (!reader.done) {
    const next = reader.varint()
    if (next === tag) value = read(reader)
    else reader.skip(next & 7)
  }
  return value
}

function readValue(reader: ProtobufReader, type: SchemaType, depth: number): unknown {
  if (type.is === 'object') return readMessage(reader.message(), planOf(type.target), depth + 1)
  if (type.is === 'list') {
    const message = reader.message()
    const items: unknown[] = []
    while (!message.done) {
      const tag = message.varint()
      if (tag === 10) items.push(readValue(message, type.items, depth))
      else message.skip(tag & 7)
    }
    return items
  }
  if (type.is === 'map') throw new DecodeError('proto: a map cannot be an item')
  switch (type.scalar) {
    case 'string':
      return reader.text()
    case 'int32':
    case 'int64':
      return reader.integer()
    case 'boolean':
      return reader.varint() !== 0
    case 'double':
      return reader.double()
    case 'bytes':
      return encodeBase64(reader.bytes())
    case 'Time':
    case 'MicroTime':
      return readTime(reader.message(), type.scalar)
    case 'Quantity':
      return only(reader.message(), 10, (r) => r.text()) ?? '0'
    case 'IntOrString':
      return readIntOrString(reader.message())
    case 'Duration':
      return formatDuration(((only(reader.message(), 8, (r) => r.integer()) as number | undefined) ?? 0) / 1e6)
    case 'RawExtension':
    case 'FieldsV1':
    case 'JSON': {
      const raw = only(reader.message(), 10, (r) => r.bytes()) as Uint8Array | undefined
      return raw && raw.length > 0 ? parseJsonBytes(raw) : undefined
    }
    default:
      return readSchemaChoice(reader.message(), type.scalar, depth)
  }
}

function readTime(reader: ProtobufReader, scalar: 'Time' | 'MicroTime'): string | undefined {
  let seconds: number | undefined
  let nanos = 0
  while (!reader.done) {
    const tag = reader.varint()
    if (tag === 8) seconds = reader.integer()
    else if (tag === 16) nanos = reader.integer()
    else reader.skip(tag & 7)
  }
  if (seconds === undefined) return undefined
  const ms = seconds * 1000 + nanos / 1e6
  if (Math.abs(ms) > 8.64e15) throw new DecodeError(`proto: time out of range: ${seconds}`)
  return scalar === 'Time' ? formatTime(ms) : formatMicroTime(ms)
}

function readIntOrString(reader: ProtobufReader): number | string {
  let [isText, number, text] = [false, 0, '']
  while (!reader.done) {
    const tag = reader.varint()
    if (tag === 8) isText = reader.varint() === 1
    else if (tag === 16) number = reader.integer()
    else if (tag === 26) text = reader.text()
    else reader.skip(tag & 7)
  }
  return isText ? text : number
}

function readSchemaChoice(reader: ProtobufReader, scalar: ScalarName, depth: number): unknown {
  let schema: JsonObject | undefined
  let allows = false
  const list: unknown[] = []
  const readSchema = (): JsonObject => readMessage(reader.message(), planOf(schemaProps()), depth + 1)
  while (!reader.done) {
    const tag = reader.varint()
    if (scalar === 'JSONSchemaPropsOrBool' && tag === 8) allows = reader.varint() !== 0
    else if (scalar === 'JSONSchemaPropsOrBool' && tag === 18) schema = readSchema()
    else if (tag === 10) schema = readSchema()
    else if (tag === 18) list.push(scalar === 'JSONSchemaPropsOrArray' ? readSchema() : reader.text())
    else reader.skip(tag & 7)
  }
  if (schema) return schema
  return scalar === 'JSONSchemaPropsOrBool' ? allows : list
}
