import { setSubjectCommand } from './subject.ts'
import type { Command } from '../../command.ts'
import { setEnvCommand } from './env.ts'
import { setImageCommand } from './image.ts'
import { setSelectorCommand, setServiceAccountCommand } from './others.ts'
import { setResourcesCommand } from './resources.ts'

/** `kubectl set`. */
export const setCommand: Command = {
  name: 'set',
  use: 'set SUBCOMMAND [options]',
  short: 'Set specific features on objects',
  long: 'Configure application resources.\n\n These commands help you make changes to existing application resources.',
  subcommands: [setEnvCommand, setImageCommand, setResourcesCommand, setSelectorCommand, setServiceAccountCommand, setSubjectCommand],
}
