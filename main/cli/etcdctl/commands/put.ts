import { badArguments } from '../cli-error.ts'
import { flag, keyOf, type Command } from '../command.ts'
import type { Flags } from '../flags.ts'
import type { PutAnswer } from '../printing/printer.ts'

export const put: Command = {
  use: 'put [options] <key> <value> (<value> can also be given from stdin)',
  summary: 'Puts the given key into the store',
  flags: [
    flag.text('lease', 'lease ID (in hexadecimal) to attach to the key', '0'),
    flag.bool('prev-kv', 'return the previous key-value pair before modification'),
    flag.bool('ignore-value', 'updates the key using its current value'),
    flag.bool('ignore-lease', 'updates the key using its current lease'),
  ],
  async run({ flags, args, connection, printer, streams }) {
    const answer = await connection.call('KV/Put', await putRequest(flags, args, () => streams.readInput()))
    printer.put(answer as unknown as PutAnswer)
  },
}

/** The request that flags and arguments mean; the value may come from standard input. */
export async function putRequest(flags: Flags, args: readonly string[], readInput: () => Promise<Uint8Array>): Promise<Record<string, unknown>> {
  if (args.length === 0) throw badArguments('put command needs 1 argument and input from stdin or 2 arguments')
  const ignoreValue = flags.bool('ignore-value')
  if (ignoreValue && args.length > 1) throw badArguments('put command needs only 1 argument when `--ignore-value` is set')
  const lease = flags.text('lease')
  if (!/^[0-9a-f]+$/i.test(lease)) throw badArguments(`bad lease ID arg (strconv.ParseInt: parsing ${JSON.stringify(lease)}: invalid syntax), expecting ID in Hex`)
  const value = ignoreValue ? new Uint8Array(0) : args.length > 1 ? new TextEncoder().encode(args[1]) : await readInput()
  return { key: keyOf(args[0]!), value, lease: Number.parseInt(lease, 16), prev_kv: flags.bool('prev-kv'), ignore_value: ignoreValue, ignore_lease: flags.bool('ignore-lease') }
}
