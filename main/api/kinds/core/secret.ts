import type { Secret } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { encodeBase64 } from './base64.ts'
import { validateSecret, validateSecretUpdate } from './secret-validation.ts'

export const secretKind = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Secret',
  storagePrefix: 'secrets',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(secret) {
      secret.type ||= 'Opaque'
      if (!secret.stringData) return
      // stringData is for writing only: it is merged into data and never stored.
      secret.data = { ...secret.data }
      for (const [key, text] of Object.entries(secret.stringData)) secret.data[key] = encodeBase64(text)
      delete secret.stringData
    },
    prepareForUpdate(secret, old) {
      secret.type ||= old.type ?? 'Opaque'
    },
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
  },
  selectableFields: { type: (secret) => secret.type ?? '' },
  columns: [
    nameColumn(),
    column('Type', ['io.k8s.api.core.v1.Secret', 'type'], (secret) => secret.type ?? ''),
    column('Data', ['io.k8s.api.core.v1.Secret', 'data'], (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn(),
  ],
  health(secret) {
    const count = Object.keys(secret.data ?? {}).length
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'entry' : 'entries'}${secret.immutable ? ', immutable' : ''}` }
  },
})
