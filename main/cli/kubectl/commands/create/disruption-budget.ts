import { labelSelectorOf } from '../../resources/label-selector.ts'
import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

/** `kubectl create poddisruptionbudget`. */
export const createDisruptionBudgetCommand: Command = {
  name: 'poddisruptionbudget',
  aliases: ['pdb'],
  use: 'create poddisruptionbudget NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none] [options]',
  short: 'Create a pod disruption budget with the specified name',
  flags: [
    ...createFlags,
    { name: 'max-unavailable', type: 'string', help: 'How many, or what percentage, of the pods may be missing.' },
    { name: 'min-available', type: 'string', help: 'How many, or what percentage, of the pods have to stay.' },
    { name: 'selector', type: 'string', help: 'The labels of the pods that the budget covers.' },
  ],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    const [least, most, selector] = [flags.text('min-available'), flags.text('max-unavailable'), flags.text('selector')]
    if (selector === '') throw new CliError('a selector must be specified')
    if (least === '' && most === '') throw new CliError('one of min-available or max-unavailable must be specified')
    if (least !== '' && most !== '') throw new CliError('min-available and max-unavailable cannot be both specified')
    const spec = {
      ...(least === '' ? {} : { minAvailable: amountOf(least, 'min-available') }),
      selector: await labelSelectorOf(selector),
      ...(most === '' ? {} : { maxUnavailable: amountOf(most, 'max-unavailable') }),
    }
    const status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
    await createMade(context, { object: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec, status } as never, namespaced: true, failure: 'failed to create poddisruptionbudgets' })
  },
}

function amountOf(text: string, flag: string): number | string {
  if (!/^\d+%?$/.test(text)) throw new CliError(`invalid format specified for ${flag}`)
  return text.endsWith('%') ? text : Number(text)
}
