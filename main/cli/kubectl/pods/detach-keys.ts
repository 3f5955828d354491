import { CliError } from '../cli-error.ts'
import type { SessionEnds } from './session.ts'

/** The bytes of `ctrl-p,ctrl-q` or `a,ctrl-x`. */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0)
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1]
    if (!control) throw new CliError(`could not bind detach keys: Unknown character: '${key}'`)
    return control.toUpperCase().charCodeAt(0) & 31
  })
}

/** Ends whose input ends the session, without ending the container's input, at a sequence of keys. Keys that began the sequence and
 *  did not go on with it are sent after all. */
export function detachable(ends: SessionEnds, keys: readonly number[]): SessionEnds {
  let detach: () => void = () => {}
  const { onInput } = ends
  if (!onInput) return ends
  return {
    ...ends,
    onDetach(handler) {
      detach = handler
    },
    onInput(data, end) {
      let matched = 0
      return onInput((bytes) => {
        const passed: number[] = []
        for (const byte of bytes) {
          if (byte === keys[matched]) {
            if (++matched === keys.length) return detach()
            continue
          }
          passed.push(...keys.slice(0, matched))
          matched = byte === keys[0] ? 1 : 0
          if (matched === 0) passed.push(byte)
        }
        if (passed.length > 0) data(new Uint8Array(passed))
      }, end)
    },
  }
}
