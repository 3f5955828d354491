import type { ResourceClaimTemplate } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { validateAnnotations, validateLabels } from '../core/label-validation.ts'
import { ageColumn, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { defaultClaimSpec } from './claim-defaults.ts'
import { claimSpecErrors } from './claim-validation.ts'
import { deviceClassesOf } from './resource-claim.ts'

export const resourceClaimTemplateKind = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  storagePrefix: 'resourceclaimtemplates',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults: ({ spec }) => defaultClaimSpec(spec?.spec),
    validate: ({ spec }) => [
      ...validateAnnotations(spec?.metadata?.annotations, fieldPath('spec', 'metadata', 'annotations')),
      ...validateLabels(spec?.metadata?.labels, fieldPath('spec', 'metadata', 'labels')),
      ...claimSpecErrors(spec?.spec ?? {}, fieldPath('spec', 'spec')),
    ],
    validateUpdate: ({ spec }, old) => (semanticEqual(spec, old.spec) ? [] : [fieldInvalid('spec', spec, fieldIsImmutable)]),
  },
  columns: [nameColumn(), ageColumn()],
  health: ({ spec }) => ({ mark: 'running', sentence: `makes claims for ${spec?.spec?.devices?.requests?.length ?? 0} requests` }),
  relations: ({ spec }) => deviceClassesOf(spec?.spec),
})
