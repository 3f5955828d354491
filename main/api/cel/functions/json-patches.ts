/** What MutatingAdmissionPolicies need for JSON patches: `jsonpatch.escapeKey`, and the type JSONPatch. */
import { dynType, objectType, stringType } from '../types.ts'
import { global } from './overload.ts'
import type { Library } from './overload.ts'

/** `JSONPatch{op: "add", path: "/spec/x", value: …}`. */
export const jsonPatchType = objectType('JSONPatch', new Map([['op', stringType], ['path', stringType], ['from', stringType], ['value', dynType]]))

export function jsonPatchLibrary(): Library {
  return { overloads: [global('jsonpatch.escapeKey', 'string_jsonpatch_escapeKey_string', [stringType], stringType, (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'))] }
}
