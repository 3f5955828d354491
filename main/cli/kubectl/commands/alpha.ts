import type { Command } from '../command.ts'

/** `kubectl alpha`: what is not ready for everybody. Nothing at present, as upstream. */
export const alphaCommand: Command = {
  name: 'alpha',
  use: 'alpha [options]',
  short: 'Commands for features in alpha',
  hidden: true,
  run: async ({ streams }) => streams.err('No alpha commands are available in this version of kubectl\n'),
}
