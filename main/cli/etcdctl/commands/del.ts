import { badArguments } from '../cli-error.ts'
import { flag, keyOf, type Command } from '../command.ts'
import type { Flags } from '../flags.ts'
import type { DeleteAnswer } from '../printing/printer.ts'
import { spanOf } from './get.ts'

export const del: Command = {
  use: 'del [options] <key> [range_end]',
  summary: 'Removes the specified key or range of keys [key, range_end)',
  flags: [
    flag.bool('prefix', 'delete keys with matching prefix'),
    flag.bool('prev-kv', 'return deleted key-value pairs'),
    flag.bool('from-key', 'delete keys that are greater than or equal to the given key using byte compare'),
    flag.bool('range', 'delete range of keys'),
  ],
  async run({ flags, args, connection, printer }) {
    printer.del((await connection.call('KV/DeleteRange', delRequest(flags, args))) as unknown as DeleteAnswer)
  },
}

/** The request that flags and arguments mean. */
export function delRequest(flags: Flags, args: readonly string[]): Record<string, unknown> {
  if (args.length === 0 || args.length > 2) throw badArguments('del command needs one argument as key and an optional argument as range_end')
  const [prefix, fromKey] = [flags.bool('prefix'), flags.bool('from-key')]
  if (prefix && fromKey) throw badArguments('`--prefix` and `--from-key` cannot be set at the same time, choose one')
  if (args.length > 1 && (prefix || fromKey)) throw badArguments('too many arguments, only accept one argument when `--prefix` or `--from-key` is set')
  const key = keyOf(args[0]!)
  const span = args[1] !== undefined ? { key, range_end: keyOf(args[1]) } : spanOf(key, prefix, fromKey)
  return { ...span, prev_kv: flags.bool('prev-kv') }
}
