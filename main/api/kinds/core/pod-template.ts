import type { PodTemplate } from '../../generated/types.ts'
import { fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { column, labelsText, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { defaultPodTemplate } from './pod-defaults.ts'
import { containerImages, containerNames } from './pod-template-columns.ts'
import { validatePodTemplate } from './pod-template-validation.ts'
import { templateWarnings } from './pod-warnings.ts'

function validateTemplate({ template }: PodTemplate): FieldError[] {
  return validatePodTemplate(template ?? {}, fieldPath('template'))
}

export const podTemplateKind = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PodTemplate',
  storagePrefix: 'podtemplates',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    generationOf: ({ template }) => template,
    defaults({ template }) {
      defaultPodTemplate(template)
    },
    validate: validateTemplate,
    validateUpdate: validateTemplate,
    warnings: ({ template }, old) => (old ? [] : templateWarnings(template, 'template')),
  },
  columns: [
    nameColumn(),
    column('Containers', 'Names of each container in the template.', ({ template }) => containerNames(template)),
    column('Images', 'Images referenced by each container in the template.', ({ template }) => containerImages(template)),
    column('Pod Labels', 'The labels for the pod template.', ({ template }) => labelsText(template?.metadata?.labels)),
  ],
  health: ({ template }) => ({ mark: 'running', sentence: `it describes pods with ${containerNames(template) || 'no containers'}` }),
})
