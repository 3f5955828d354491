import { badArguments, CliError, exitCodes } from '../cli-error.ts'
import { flag, keyOf, prefixEnd, type Command } from '../command.ts'
import type { Flags } from '../flags.ts'
import type { RangeAnswer } from '../printing/printer.ts'

const sortTargets = ['KEY', 'VERSION', 'CREATE', 'MODIFY', 'VALUE']

export const get: Command = {
  use: 'get [options] <key> [range_end]',
  summary: 'Gets the key or a range of keys',
  flags: [
    flag.text('consistency', 'Linearizable(l) or Serializable(s)', 'l'),
    flag.text('order', 'Order of results; ASCEND or DESCEND (ASCEND by default)'),
    flag.text('sort-by', 'Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION'),
    flag.integer('limit', 'Maximum number of results'),
    flag.bool('prefix', 'Get keys with matching prefix'),
    flag.bool('from-key', 'Get keys that are greater than or equal to the given key using byte compare'),
    flag.integer('rev', 'Specify the kv revision'),
    flag.bool('keys-only', 'Get only the keys'),
    flag.bool('count-only', 'Get only the count'),
    flag.bool('print-value-only', 'Only write values when using the "simple" output format'),
  ],
  async run({ flags, args, connection, printer }) {
    const request = getRequest(flags, args)
    if (flags.bool('count-only') && printer.format !== 'fields' && printer.format !== 'json') throw badArguments('--count-only is only for `--write-out=fields`')
    const answer = await connection.call('KV/Range', request)
    if (flags.bool('print-value-only')) {
      if (printer.format !== 'simple') throw badArguments('print-value-only is only for `--write-out=simple`')
      printer.valueOnly = true
    }
    printer.get(answer as unknown as RangeAnswer)
  },
}

/** The request that flags and arguments mean; also used inside transactions. */
export function getRequest(flags: Flags, args: readonly string[]): Record<string, unknown> {
  if (args.length === 0 || args.length > 2) throw badArguments('get command needs one argument as key and an optional argument as range_end')
  const [prefix, fromKey] = [flags.bool('prefix'), flags.bool('from-key')]
  if (prefix && fromKey) throw badArguments('`--prefix` and `--from-key` cannot be set at the same time, choose one')
  if (flags.bool('keys-only') && flags.bool('count-only')) throw badArguments('`--keys-only` and `--count-only` cannot be set at the same time, choose one')
  const consistency = flags.text('consistency')
  if (consistency !== 'l' && consistency !== 's') throw new CliError(`unknown consistency flag ${JSON.stringify(consistency)}`, exitCodes.badFeature)
  if (args.length > 1 && (prefix || fromKey)) throw badArguments('too many arguments, only accept one argument when `--prefix` or `--from-key` is set')
  const order = flags.text('order').toUpperCase()
  if (order !== '' && order !== 'ASCEND' && order !== 'DESCEND') throw new CliError(`bad sort order ${flags.text('order')}`, exitCodes.badFeature)
  const by = flags.text('sort-by').toUpperCase()
  if (by !== '' && !sortTargets.includes(by)) throw new CliError(`bad sort target ${flags.text('sort-by')}`, exitCodes.badFeature)
  // A target without an order sorts upwards, as etcd's client has it.
  const sortOrder = order === 'DESCEND' ? 2 : order === 'ASCEND' || (by !== '' && by !== 'KEY') ? 1 : 0
  const key = keyOf(args[0]!)
  const span = args[1] !== undefined ? { key, range_end: keyOf(args[1]) } : spanOf(key, prefix, fromKey)
  return {
    ...span,
    limit: flags.integer('limit'),
    revision: flags.integer('rev'),
    sort_order: sortOrder,
    sort_target: by === '' ? 0 : sortTargets.indexOf(by),
    serializable: consistency === 's',
    keys_only: flags.bool('keys-only'),
    count_only: flags.bool('count-only'),
  }
}

/** Key and end of range of a prefix, or of everything from a key on. */
export function spanOf(key: string, prefix: boolean, fromKey: boolean): { key: string; range_end?: string } {
  if (fromKey) return { key: key === '' ? '\0' : key, range_end: '\0' }
  if (!prefix) return { key }
  return key === '' ? { key: '\0', range_end: '\0' } : { key, range_end: prefixEnd(key) }
}
