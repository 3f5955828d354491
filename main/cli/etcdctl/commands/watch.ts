import { badArguments, CliError } from '../cli-error.ts'
import { flag, keyOf, type Command } from '../command.ts'
import type { WatchAnswer } from '../printing/printer.ts'
import { spanOf } from './get.ts'

export const watch: Command = {
  use: 'watch [options] <key> [range_end]',
  summary: 'Watches events stream on keys or prefixes',
  flags: [
    flag.bool('prefix', 'Watch on a prefix if prefix is set'),
    flag.integer('rev', 'Revision to start watching'),
    flag.bool('prev-kv', 'get the previous key-value pair before the event happens'),
    flag.bool('progress-notify', 'get periodic watch progress notification from server'),
  ],
  run({ flags, args, connection, printer, streams }) {
    const prefix = flags.bool('prefix')
    if (args.length === 0 || args.length > 2) throw badArguments('bad number of arguments')
    if (args.length === 2 && prefix) throw badArguments('`range_end` and `--prefix` are mutually exclusive')
    const key = keyOf(args[0]!)
    const span = args[1] !== undefined ? { key, range_end: keyOf(args[1]) } : spanOf(key, prefix, false)
    return new Promise<void>((resolve, reject) => {
      const stream = connection.stream(
        'Watch/Watch',
        (message) => {
          const answer = message as unknown as WatchAnswer
          if (answer.canceled) {
            stream.close()
            streams.err(`watch was canceled (${answer.cancel_reason})\n`)
            reject(new CliError('watch is canceled by the server'))
          } else if (!answer.created) printer.watch(answer)
        },
        (error) => (error ? reject(error) : resolve()),
      )
      streams.onInterrupt(() => {
        stream.close()
        resolve()
      })
      stream.send({ create_request: { ...span, start_revision: flags.integer('rev'), prev_kv: flags.bool('prev-kv'), progress_notify: flags.bool('progress-notify') } })
    })
  },
}
