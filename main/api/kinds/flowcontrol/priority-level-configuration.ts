import type { ExemptPriorityLevelConfiguration, LimitedPriorityLevelConfiguration, LimitResponse, PriorityLevelConfiguration, QueuingConfiguration } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { mandatoryPriorityLevels } from './mandatory.ts'
import { statusConditionErrors } from './status-validation.ts'

const at = fieldPath('spec')
const queuesMax = 10_000_000
/** A hand of cards is dealt from a hash of this many bits. */
const hashBits = 60

function validatePriorityLevel(level: PriorityLevelConfiguration): FieldError[] {
  const { type = '', exempt, limited } = level.spec ?? {}
  const { name } = level.metadata
  const errors: FieldError[] = []
  if ((name === 'exempt') !== (type === 'Exempt')) errors.push(fieldInvalid(at.child('type'), type, "type must be 'Exempt' if and only if name is 'exempt'"))
  if (type === 'Exempt') {
    if (limited) errors.push(fieldForbidden(at.child('limited'), 'must be nil if the type is not Limited'))
    if (!exempt) errors.push(fieldRequired(at.child('exempt'), 'must not be empty if type is Exempt'))
    else errors.push(...sharesErrors(exempt, at.child('exempt')))
  } else if (type === 'Limited') {
    if (exempt) errors.push(fieldForbidden(at.child('exempt'), 'must be nil if the type is Limited'))
    if (!limited) errors.push(fieldRequired(at.child('limited'), 'must not be empty when type is Limited'))
    else errors.push(...limitedErrors(limited, at.child('limited')))
  } else errors.push(fieldNotSupported(at.child('type'), type, ['Exempt', 'Limited']))
  return [...errors, ...mandatoryErrors(level), ...statusConditionErrors(level.status?.conditions)]
}

/** The mandatory levels stay as they are, but for the shares of the exempt one. */
function mandatoryErrors({ metadata: { name }, spec }: PriorityLevelConfiguration): FieldError[] {
  if (!Object.hasOwn(mandatoryPriorityLevels, name)) return []
  const fixed = mandatoryPriorityLevels[name]!
  if (name !== 'exempt') return semanticEqual(spec, fixed) ? [] : [fieldInvalid(at, spec, `spec of '${name}' must equal the fixed value`)]
  if (semanticEqual({ ...spec, exempt: undefined }, { ...fixed, exempt: undefined })) return []
  return [fieldInvalid(at, spec, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`)]
}

function sharesErrors({ nominalConcurrencyShares, lendablePercent }: ExemptPriorityLevelConfiguration, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (nominalConcurrencyShares !== undefined && nominalConcurrencyShares < 0) errors.push(fieldInvalid(path.child('nominalConcurrencyShares'), nominalConcurrencyShares, 'must be a non-negative integer'))
  return [...errors, ...percentErrors(lendablePercent, path)]
}

function percentErrors(percent: number | undefined, path: FieldPath): FieldError[] {
  return percent !== undefined && (percent < 0 || percent > 100) ? [fieldInvalid(path.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')] : []
}

function limitedErrors({ nominalConcurrencyShares, lendablePercent, borrowingLimitPercent, limitResponse }: LimitedPriorityLevelConfiguration, path: FieldPath): FieldError[] {
  const errors = sharesErrors({ ...(nominalConcurrencyShares === undefined ? {} : { nominalConcurrencyShares }) }, path)
  errors.push(...responseErrors(limitResponse ?? { type: '' }, path.child('limitResponse')), ...percentErrors(lendablePercent, path))
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0) errors.push(fieldInvalid(path.child('borrowingLimitPercent'), borrowingLimitPercent, 'if specified, must be a non-negative integer'))
  return errors
}

function responseErrors({ type, queuing }: LimitResponse, path: FieldPath): FieldError[] {
  const here = path.child('queuing')
  if (type === 'Reject') return queuing ? [fieldForbidden(here, 'must be nil if limited.limitResponse.type is not Limited')] : []
  if (type !== 'Queue') return [fieldNotSupported(path.child('type'), type, ['Queue', 'Reject'])]
  return queuing ? queuingErrors(queuing, here) : [fieldRequired(here, 'must not be empty if limited.limitResponse.type is Limited')]
}

function queuingErrors({ queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (queueLengthLimit <= 0) errors.push(fieldInvalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive'))
  if (queues <= 0) errors.push(fieldInvalid(path.child('queues'), queues, 'must be positive'))
  else if (queues > queuesMax) errors.push(fieldInvalid(path.child('queues'), queues, `must not be greater than ${queuesMax}`))
  const hand = path.child('handSize')
  if (handSize <= 0) errors.push(fieldInvalid(hand, handSize, 'must be positive'))
  else if (handSize > queues) errors.push(fieldInvalid(hand, handSize, `should not be greater than queues (${queues})`))
  else if (bitsForHand(queues, handSize) > hashBits) errors.push(fieldInvalid(hand, handSize, `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`))
  return errors
}

/** How many bits of a hash dealing such a hand takes. */
function bitsForHand(deckSize: number, handSize: number): number {
  let bits = 0
  for (let dealt = 0; dealt < handSize; dealt++) bits += Math.log2(deckSize - dealt)
  return Math.ceil(bits)
}

function queuingOf({ spec }: PriorityLevelConfiguration): QueuingConfiguration | undefined {
  return spec?.limited?.limitResponse?.queuing
}

const queuing = 'io.k8s.api.flowcontrol.v1.QueuingConfiguration'

export const priorityLevelConfigurationKind = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  storagePrefix: 'prioritylevelconfigurations',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults: defaultPriorityLevel,
    prepareForCreate(level) {
      level.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validatePriorityLevel,
    validateUpdate: validatePriorityLevel,
  },
  subresources: [statusSubresource(({ status }) => statusConditionErrors(status?.conditions))],
  columns: [
    nameColumn(),
    column('Type', ['io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec', 'type'], ({ spec }) => spec?.type ?? ''),
    column('NominalConcurrencyShares', ['io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration', 'nominalConcurrencyShares'], ({ spec }) => (spec?.limited ? (spec.limited.nominalConcurrencyShares ?? 0) : '<none>')),
    column('Queues', [queuing, 'queues'], (level) => queuingOf(level)?.queues ?? '<none>'),
    column('HandSize', [queuing, 'handSize'], (level) => queuingOf(level)?.handSize ?? '<none>'),
    column('QueueLengthLimit', [queuing, 'queueLengthLimit'], (level) => queuingOf(level)?.queueLengthLimit ?? '<none>'),
    ageColumn(),
  ],
  health: ({ spec }) => ({ mark: 'running', sentence: spec?.limited ? `${spec.limited.nominalConcurrencyShares ?? 0} shares of the server` : 'its requests never wait' }),
})

function defaultPriorityLevel({ spec }: PriorityLevelConfiguration): void {
  if (!spec) return
  if (spec.type === 'Exempt') spec.exempt ??= {}
  if (spec.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0
    spec.exempt.lendablePercent ??= 0
  }
  if (!spec.limited) return
  spec.limited.nominalConcurrencyShares ??= 30
  spec.limited.lendablePercent ??= 0
  const wanted = spec.limited.limitResponse?.queuing
  if (!wanted) return
  wanted.queues ||= 64
  wanted.handSize ||= 8
  wanted.queueLengthLimit ||= 50
}
