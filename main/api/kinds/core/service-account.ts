import type { ServiceAccount, TokenRequest } from '../../generated/types.ts'
import { fieldInvalid, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, nameColumn, column } from '../columns.ts'
import { defineKind } from '../kind.ts'

export const serviceAccountKind = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ServiceAccount',
  storagePrefix: 'serviceaccounts',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    prepareForCreate: dropDuplicateSecrets,
    prepareForUpdate: dropDuplicateSecrets,
  },
  subresources: [
    {
      type: 'named',
      name: 'token',
      verbs: ['create'],
      body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', schema: 'io.k8s.api.authentication.v1.TokenRequest' },
    },
  ],
  columns: [
    nameColumn(),
    column('Secrets', ['io.k8s.api.core.v1.ServiceAccount', 'secrets'], (account) => account.secrets?.length ?? 0),
    ageColumn(),
  ],
  health: () => ({ mark: 'running', sentence: 'pods can run as it' }),
  relations(account) {
    const namespace = account.metadata.namespace ? { namespace: account.metadata.namespace } : {}
    return (account.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [{ role: 'pull secret', group: '', kind: 'Secret', name, ...namespace }] : []))
  },
})

function dropDuplicateSecrets(account: ServiceAccount): void {
  if (!account.secrets) return
  const names = new Set<string>()
  account.secrets = account.secrets.filter(({ name = '' }) => !names.has(name) && names.add(name))
}

/** Fills in what a TokenRequest leaves out: an hour. Audiences are the server's to default. */
export function defaultTokenRequest(request: TokenRequest): void {
  request.spec ??= { audiences: [] }
  request.spec.expirationSeconds ??= 3600
  request.status ??= {}
}

/** Token lifetimes: ten minutes at least, 2^32 seconds at most. */
export function validateTokenRequest(request: TokenRequest): FieldError[] {
  const errors: FieldError[] = []
  const spec = fieldPath('spec')
  const seconds = request.spec?.expirationSeconds ?? 0
  if (seconds < 600) errors.push(fieldInvalid(spec.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > 2 ** 32) errors.push(fieldInvalid(spec.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'))
  return errors
}

