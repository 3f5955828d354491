/** Bytes of answers and of watch events. */
import type { OutputForm } from './output.ts'
import { mediaTypes } from './output.ts'

const encoder = new TextEncoder()

/** The body of an answer, and its content type. */
export function encodeBody(object: object, form: OutputForm): { readonly body: Uint8Array | object; readonly contentType: string } {
  if (form.encoding === 'reference') return { body: object, contentType: mediaTypes.json }
  return { body: encoder.encode(form.pretty ? JSON.stringify(object, null, 2) : `${JSON.stringify(object)}\n`), contentType: mediaTypes.json }
}
