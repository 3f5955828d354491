import type { Command } from '../command.ts'
import { globalFlags } from '../global-flags.ts'
import { flagText } from '../help.ts'

/** `kubectl options`. */
export const optionsCommand: Command = {
  name: 'options',
  use: 'options',
  hidden: true,
  short: 'Print the list of flags inherited by all commands',
  async run({ streams, environment }) {
    const flags = globalFlags.map((flag) => (flag.name === 'cache-dir' ? { ...flag, default: `${environment.homeFolder}/.kube/cache` } : flag))
    streams.out(`The following options can be passed to any command:\n\n${flags.map(flagText).join('\n').replace("--vmodule=''", '--vmodule=').replace("--v='0'", '--v=0')}\n`)
  },
}
