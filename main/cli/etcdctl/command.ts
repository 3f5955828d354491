import type { Environment, Streams } from '../streams.ts'
import type { Connection } from './connection.ts'
import type { Flags, FlagSpec } from './flags.ts'
import type { Printer } from './printing/printer.ts'

/** What a command works with. */
export interface Context {
  readonly flags: Flags
  readonly args: readonly string[]
  readonly streams: Streams
  readonly environment: Environment
  readonly connection: Connection
  readonly printer: Printer
}

/** One command. `run` is what it does once its arguments are read; it throws CliError or RpcError. */
export interface Command {
  /** `lease grant <ttl>`. */
  readonly use: string
  readonly summary: string
  readonly flags: readonly FlagSpec[]
  run(context: Context): Promise<void>
}

export const flag = {
  bool: (name: string, help: string, value = false): FlagSpec => ({ name, type: 'bool', default: String(value), help }),
  text: (name: string, help: string, value = ''): FlagSpec => ({ name, type: 'string', default: value, help }),
  integer: (name: string, help: string, value = 0): FlagSpec => ({ name, type: 'int', default: String(value), help }),
  duration: (name: string, help: string, value: string): FlagSpec => ({ name, type: 'duration', default: value, help }),
}

/** How an error is printed: Go's etcd client shows the message alone. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The end of the range of keys that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const code = prefix.charCodeAt(index)
    if (code < 0xff) return prefix.slice(0, index) + String.fromCharCode(code + 1)
  }
  return '\0'
}

/** Keys are bytes; the command line is text. */
export function keyOf(text: string): string {
  let key = ''
  for (const byte of new TextEncoder().encode(text)) key += String.fromCharCode(byte)
  return key
}
