/** Match conditions of webhooks and policies: every one has to hold, and one that is false decides over errors of others. */
import { aggregateText } from '../../../api/machinery/go-text.ts'
import { Budget, Evaluation, matchConditionsCostMax, OutOfBudget } from './expressions.ts'
import type { Activation, Compiler, Expression } from './expressions.ts'

export type MatchOutcome = { readonly matches: boolean } | { readonly error: string }

/** Judges the conditions. With `ignoresErrors` (failure policy Ignore) an error means that nothing matches. */
export function conditionsMatch(conditions: readonly Expression[], variables: Compiler['variables'], activation: Activation, ignoresErrors: boolean): MatchOutcome {
  if (conditions.length === 0) return { matches: true }
  const evaluation = new Evaluation(activation, variables, new Budget(matchConditionsCostMax))
  const errors: string[] = []
  const failed = (text: string): MatchOutcome => (ignoresErrors ? { matches: false } : { error: text })
  // All of them run before any is looked at: what they cost together counts.
  const results: ReturnType<Evaluation['run']>[] = []
  try {
    for (const condition of conditions) results.push(evaluation.run(condition))
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message)
    throw error
  }
  for (const result of results) {
    if ('error' in result) errors.push(result.error)
    else if (result.value === false) return { matches: false }
  }
  return errors.length > 0 ? failed(aggregateText(errors)) : { matches: true }
}
