/** Watch events on the wire. Each is encoded once per form, however many watch. */
import { encodeWatchFrame } from '../../../api/machinery/codec/protobuf.ts'
import type { WatchEvent } from '../../../api/machinery/object.ts'
import { protobufOf } from './encode.ts'
import type { OutputForm } from './output.ts'
import { mediaTypes } from './output.ts'

const encoder = new TextEncoder()
const jsonFrames = new WeakMap<WatchEvent, Uint8Array>()
const protobufFrames = new WeakMap<WatchEvent, Uint8Array>()

/** What a watch's answer says it is. */
export function watchContentType(form: OutputForm): string {
  return form.encoding === 'protobuf' ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json
}

/** The bytes of one event: a line of JSON, or a message with its length before it. */
export function encodeEvent(event: WatchEvent, form: OutputForm): Uint8Array {
  const frames = form.encoding === 'protobuf' ? protobufFrames : jsonFrames
  let frame = frames.get(event)
  if (!frame) frames.set(event, (frame = form.encoding === 'protobuf' ? encodeWatchFrame(event.type, protobufOf(event.object)) : encoder.encode(`${JSON.stringify(event)}\n`)))
  return frame
}
