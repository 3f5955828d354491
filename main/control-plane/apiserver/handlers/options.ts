/** Query parameters of reads and writes, with upstream's checks and texts. */
import type { Kind } from '../../../api/kinds/kind.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import { fieldForbidden, fieldNotSupported, fieldPath, fieldRequired } from '../../../api/machinery/field-error.ts'
import { everyField, parseFieldSelector } from '../../../api/machinery/fields.ts'
import type { FieldSelector } from '../../../api/machinery/fields.ts'
import { everything, parseSelector } from '../../../api/machinery/labels.ts'
import type { Selector } from '../../../api/machinery/labels.ts'
import { badRequest, invalid } from '../../../api/machinery/status-error.ts'
import { dryRunErrors } from '../registry/delete-options.ts'
import { fieldManagerBytesMax, fieldManagerErrors, isPrintable } from '../registry/metadata-validation.ts'
import type { View } from '../registry/view.ts'
import type { RequestInfo } from '../request-info/request-info.ts'
import { QueryProblem } from '../request-info/query.ts'
import type { Query } from '../request-info/query.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface WriteQuery {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  readonly force: boolean | undefined
}

type WriteOptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

/** Reads the options of a write; throws Invalid of the options' kind. */
export function writeQueryOf(query: Query, kind: WriteOptionsKind, userAgent: string, isApply = false): WriteQuery {
  const errors: FieldError[] = []
  const fieldManager = query.get('fieldManager')
  const force = query.optionalFlag('force')
  if (kind === 'PatchOptions' && isApply && fieldManager === '') errors.push(fieldRequired('fieldManager', 'is required for apply patch'))
  if (kind === 'PatchOptions' && !isApply && force !== undefined) errors.push(fieldForbidden('force', 'may not be specified for non-apply patch'))
  errors.push(...fieldManagerErrors(fieldManager, () => fieldPath('fieldManager')))
  errors.push(...dryRunErrors(query.all('dryRun').filter((value) => value !== '')))
  const fieldValidation = query.get('fieldValidation')
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)) errors.push(fieldNotSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
  return {
    dryRun: query.all('dryRun').some((value) => value !== ''),
    fieldManager: fieldManager || managerOfAgent(userAgent),
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
    force,
  }
}

/** The options of a create, as an object of the API. */
export function createOptions({ dryRun, fieldManager, fieldValidation }: WriteQuery): object {
  return { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}), fieldManager, fieldValidation }
}

/** The field manager of a client that names none: the first part of its User-Agent. */
function managerOfAgent(userAgent: string): string {
  const known = managers.get(userAgent)
  if (known !== undefined) return known
  const manager = readManager(userAgent)
  if (userAgent.length > agentMax) return manager
  if (managers.size >= managersMax) managers = new Map()
  managers.set(userAgent, manager)
  return manager
}

let managers = new Map<string, string>()
const managersMax = 1_000
/** Longer ones are nobody's who comes often. */
const agentMax = 500

function readManager(userAgent: string): string {
  const slash = userAgent.indexOf('/')
  const prefix = slash < 0 ? userAgent : userAgent.slice(0, slash)
  let manager = ''
  for (const character of prefix) if (manager.length + character.length <= fieldManagerBytesMax && isPrintable(character)) manager += character
  return manager
}

export interface ListOptions {
  readonly labels: Selector
  readonly fields: FieldSelector
  readonly watch: boolean
  readonly bookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
  readonly resourceVersion: string
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan'
  readonly timeoutSeconds: number | undefined
  readonly limit: number
  readonly continue: string
}

/** Reads the options of list, watch and deletecollection; throws BadRequest or Invalid. */
export function listOptionsOf(info: RequestInfo, view: View): ListOptions {
  const { query } = info
  const watch = info.verb === 'watch' || query.flag('watch')
  const labels = labelsOf(query.get('labelSelector'))
  let fields = fieldsOf(query.get('fieldSelector'), view)
  if (info.name !== '' && info.verb !== 'get') {
    const named = fields.terms.find((term) => term.field === 'metadata.name' && term.equals)
    if (named && named.value !== info.name) throw badRequest(`both a name and a field selector provided (name=${info.name}, fieldSelector=${query.get('fieldSelector')}) but they don't match`)
    if (!named) fields = { terms: [...fields.terms, { field: 'metadata.name', equals: true, value: info.name }] }
  }
  const options: ListOptions = {
    labels,
    fields,
    watch,
    bookmarks: query.flag('allowWatchBookmarks'),
    sendInitialEvents: query.optionalFlag('sendInitialEvents'),
    resourceVersion: query.get('resourceVersion'),
    resourceVersionMatch: query.get('resourceVersionMatch') as ListOptions['resourceVersionMatch'],
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    // A negative limit is none.
    limit: Math.max(integerOf(query, 'limit') ?? 0, 0),
    continue: query.get('continue'),
  }
  const errors = listOptionErrors(options)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
  return options
}

function labelsOf(text: string): Selector {
  if (text === '') return everything
  try {
    return parseSelector(text)
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}

function fieldsOf(text: string, view: View): FieldSelector {
  if (text === '') return everyField
  let fields: FieldSelector
  try {
    fields = parseFieldSelector(text)
  } catch (error) {
    throw badRequest((error as Error).message)
  }
  for (const { field } of fields.terms) if (!view.selectable(field)) throw badRequest(unselectable(view.kind, field))
  return fields
}

function unselectable(kind: Kind, field: string): string {
  if (Object.keys(kind.selectableFields).length === 0) return `"${field}" is not a known field selector: only "metadata.name"${kind.namespaced ? ', "metadata.namespace"' : ''}`
  return `field label not supported: ${field}`
}

/** A number of the query, as options conversion reads it. */
export function integerOf(query: Query, name: string): number | undefined {
  const value = query.integer(name)
  if (value instanceof QueryProblem) throw badRequest(value.message)
  return value
}

function listOptionErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, watch, sendInitialEvents } = options
  const errors: FieldError[] = []
  if (watch) {
    if (sendInitialEvents !== undefined && match !== 'NotOlderThan') errors.push(fieldForbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
    if (match === '') return errors
    if (sendInitialEvents === undefined) errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
    if (match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['NotOlderThan']))
    if (options.continue !== '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for continue'))
    return errors
  }
  if (match !== '') {
    if (options.resourceVersion === '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (options.continue !== '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for continue'))
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && options.resourceVersion === '0') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
  }
  if (sendInitialEvents !== undefined) errors.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return errors
}
