/** The rules of a Job's podFailurePolicy and successPolicy. */
import type { JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isQualifiedName } from '../../machinery/names.ts'
import { nonNegative } from '../core/number-validation.ts'
import { countIndexes } from './index-ranges.ts'

const rulesMax = 20
const patternsMax = 20
const exitCodesMax = 255
const indexesLengthMax = 64 * 1024
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const statuses = ['False', 'True', 'Unknown']

/** One of a few words, as these rules say it when it is missing. */
function choiceErrors(value: string | undefined, choices: readonly string[], at: FieldPath): FieldError[] {
  if (!value) return [fieldRequired(at, `valid values: [${choices.map((choice) => JSON.stringify(choice)).join(' ')}]`)]
  return choices.includes(value) ? [] : [fieldNotSupported(at, value, choices)]
}

export function podFailurePolicyErrors(spec: JobSpec, at: FieldPath): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? []
  const path = at.child('rules')
  const errors: FieldError[] = rules.length > rulesMax ? [fieldTooMany(path, rules.length, rulesMax)] : []
  const template = spec.template.spec
  const containers = new Set([...(template?.containers ?? []), ...(template?.initContainers ?? [])].map((container) => container.name))
  for (const [index, rule] of rules.entries()) errors.push(...ruleErrors(spec, rule, path.index(index), containers))
  return errors
}

function ruleErrors(spec: JobSpec, rule: PodFailurePolicyRule, at: FieldPath, containers: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = []
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) errors.push(fieldInvalid(at.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set'))
  else errors.push(...choiceErrors(rule.action, actions, at.child('action')))
  const patterns = rule.onPodConditions ?? []
  if (rule.onExitCodes) errors.push(...exitCodeErrors(rule.onExitCodes, at.child('onExitCodes'), containers))
  if (patterns.length > patternsMax) errors.push(fieldTooMany(at.child('onPodConditions'), patterns.length, patternsMax))
  for (const [index, pattern] of patterns.entries()) {
    const path = at.child('onPodConditions').index(index)
    for (const message of isQualifiedName(pattern.type)) errors.push(fieldInvalid(path.child('type'), pattern.type, message))
    errors.push(...choiceErrors(pattern.status, statuses, path.child('status')))
  }
  if (rule.onExitCodes && patterns.length > 0) errors.push(fieldInvalid(at, rule, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (!rule.onExitCodes && patterns.length === 0) errors.push(fieldInvalid(at, rule, 'specifying one of OnExitCodes and OnPodConditions is required'))
  return errors
}

function exitCodeErrors(requirement: PodFailurePolicyOnExitCodesRequirement, at: FieldPath, containers: ReadonlySet<string>): FieldError[] {
  const { operator, containerName, values = [] } = requirement
  const errors = choiceErrors(operator, ['In', 'NotIn'], at.child('operator'))
  if (containerName !== undefined && !containers.has(containerName)) errors.push(fieldInvalid(at.child('containerName'), containerName, 'must be one of the container or initContainer names in the pod template'))
  const path = at.child('values')
  if (values.length === 0) errors.push(fieldInvalid(path, values, 'at least one value is required'))
  else if (values.length > exitCodesMax) errors.push(fieldTooMany(path, values.length, exitCodesMax))
  const seen = new Set<number>()
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) errors.push(fieldInvalid(path.index(index), value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(fieldDuplicate(path.index(index), value))
    seen.add(value)
  }
  if (values.some((value, index) => index > 0 && value < values[index - 1]!)) errors.push(fieldInvalid(path, values, 'must be ordered'))
  return errors
}

export function successPolicyErrors(spec: JobSpec, at: FieldPath): FieldError[] {
  const rules = spec.successPolicy?.rules ?? []
  const completions = spec.completions ?? 0
  const path = at.child('rules')
  if (rules.length === 0) return [fieldRequired(path, 'at least one rules must be specified when the successPolicy is specified')]
  const errors: FieldError[] = rules.length > rulesMax ? [fieldTooMany(path, rules.length, rulesMax)] : []
  for (const [index, rule] of rules.entries()) {
    const here = path.index(index)
    const { succeededCount, succeededIndexes } = rule
    if (succeededCount === undefined && succeededIndexes === undefined) errors.push(fieldRequired(here, 'at least one of succeededCount or succeededIndexes must be specified'))
    let total: number | undefined
    if (succeededIndexes !== undefined) {
      if (succeededIndexes.length > indexesLengthMax) errors.push(fieldTooLong(here.child('succeededIndexes'), indexesLengthMax))
      try {
        total = countIndexes(succeededIndexes, completions)
      } catch (error) {
        errors.push(fieldInvalid(here.child('succeededIndexes'), succeededIndexes, `error parsing succeededIndexes: ${(error as Error).message}`))
      }
    }
    if (succeededCount === undefined) continue
    errors.push(...nonNegative(succeededCount, here.child('succeededCount')))
    if (succeededCount > completions) errors.push(fieldInvalid(here.child('succeededCount'), succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`))
    if (total !== undefined && succeededCount > total) errors.push(fieldInvalid(here.child('succeededCount'), succeededCount, `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`))
  }
  return errors
}
