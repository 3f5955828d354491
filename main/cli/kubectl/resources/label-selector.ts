import { CliError } from '../cli-error.ts'

/** A selector's text as the API's LabelSelector: equalities as matchLabels, the rest as matchExpressions. Throws CliError. */
export async function labelSelectorOf(text: string): Promise<object> {
  const { parseSelector } = await import('../../../api/machinery/labels.ts')
  let requirements
  try {
    requirements = parseSelector(text).requirements
  } catch (error) {
    throw new CliError(`couldn't parse the selector string "${text}": ${(error as Error).message}`)
  }
  const matchLabels: Record<string, string> = {}
  const matchExpressions: object[] = []
  for (const { key, operator, values } of requirements) {
    const listed = [...values].sort()
    if (operator === '=' || operator === '==') matchLabels[key] = listed[0] ?? ''
    else if (operator === 'exists') matchExpressions.push({ key, operator: 'Exists' })
    else if (operator === '!') matchExpressions.push({ key, operator: 'DoesNotExist' })
    else if (operator !== 'in' && operator !== 'notin') throw new CliError(`"${operator}" is not a valid label selector operator`)
    else matchExpressions.push({ key, operator: operator === 'in' ? 'In' : 'NotIn', values: listed })
  }
  return { ...(Object.keys(matchLabels).length > 0 ? { matchLabels } : {}), ...(matchExpressions.length > 0 ? { matchExpressions } : {}) }
}
