import type { APIService, APIServiceCondition } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import { fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { quote } from '../../machinery/go-text.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'

const at = fieldPath('spec')
const statuses = ['True', 'False', 'Unknown']

function validateApiService({ metadata, spec }: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec ?? {}
  const errors: FieldError[] = []
  const required = `${version}.${group}`
  if (metadata.name !== required && isPathSegmentName(metadata.name).length === 0) errors.push(fieldInvalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: ${quote(required)}`))
  if (group === '' && version !== 'v1') errors.push(fieldRequired(at.child('group'), 'only v1 may have an empty group and it better be legacy kube'))
  if (group !== '') errors.push(...isDns1123Subdomain(group).map((message) => fieldInvalid(at.child('group'), group, message)))
  errors.push(...isDns1035Label(version).map((message) => fieldInvalid(at.child('version'), version, message)))
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) errors.push(fieldInvalid(at.child('groupPriorityMinimum'), groupPriorityMinimum, 'must be positive and less than 20000'))
  if (versionPriority <= 0 || versionPriority > 1000) errors.push(fieldInvalid(at.child('versionPriority'), versionPriority, 'must be positive and less than 1000'))
  return [...errors, ...serviceErrors(spec)]
}

function serviceErrors(spec: APIService['spec']): FieldError[] {
  const { service, caBundle = '', insecureSkipTLSVerify = false } = spec ?? {}
  const insecure = at.child('insecureSkipTLSVerify')
  const errors: FieldError[] = []
  if (!service) {
    if (caBundle !== '') errors.push(fieldInvalid(at.child('caBundle'), `${atob(caBundle).length} bytes`, 'local APIServices may not have a caBundle'))
    if (insecureSkipTLSVerify) errors.push(fieldInvalid(insecure, true, 'local APIServices may not have insecureSkipTLSVerify'))
    return errors
  }
  for (const field of ['namespace', 'name'] as const) if (!service[field]) errors.push(fieldRequired(at.child('service', field)))
  if (insecureSkipTLSVerify && caBundle !== '') errors.push(fieldInvalid(insecure, true, 'may not be true if caBundle is present'))
  return errors
}

function validateApiServiceStatus({ status }: APIService): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    statuses.includes(condition.status) ? [] : [fieldNotSupported(fieldPath('status', 'conditions').index(index).child('status'), condition.status, statuses)])
}

/** What this server answers itself is available as long as it runs. */
export function localAvailable(timestamp: string): APIServiceCondition {
  return { type: 'Available', status: 'True', lastTransitionTime: timestamp, reason: 'Local', message: 'Local APIServices are always available' }
}

/** `Local`, or the Service that is asked. */
function serviceText({ spec }: APIService): string {
  return spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local'
}

function availableText({ status }: APIService): string {
  const available = conditionOf(status?.conditions, 'Available')
  if (!available) return 'Unknown'
  return available.status !== 'True' && available.reason ? `${available.status} (${available.reason})` : available.status
}

export const apiServiceKind = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  storagePrefix: 'apiregistration.k8s.io/apiservices',
  strategy: {
    validateName: isPathSegmentName,
    defaultPropagation: 'Background',
    defaults({ spec }) {
      if (spec?.service) spec.service.port ??= 443
    },
    prepareForCreate(service, { timestamp }) {
      service.status = service.spec?.service ? {} : { conditions: [localAvailable(timestamp)] }
    },
    prepareForUpdate: keepStatus,
    validate: validateApiService,
    validateUpdate: validateApiService,
  },
  subresources: [statusSubresource(validateApiServiceStatus)],
  columns: [
    nameColumn(),
    column('Service', 'The reference to the service that hosts this API endpoint.', serviceText),
    column('Available', 'Whether this service is available.', availableText),
    ageColumn(),
  ],
  health(service) {
    const available = conditionOf(service.status?.conditions, 'Available')
    if (available?.status === 'True') return { mark: 'running', sentence: service.spec?.service ? `answered by ${serviceText(service)}` : 'answered by the API server itself' }
    return { mark: available?.status === 'False' ? 'failed' : 'pending', sentence: available?.message || 'nobody has asked it yet' }
  },
  relations({ spec }) {
    const service = spec?.service
    return service?.name ? [{ role: 'service', group: '', kind: 'Service', name: service.name, ...(service.namespace ? { namespace: service.namespace } : {}) }] : []
  },
})
