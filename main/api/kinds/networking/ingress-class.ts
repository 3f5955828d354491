import type { IngressClass, IngressClassParametersReference } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isDns1123Label, isDns1123Subdomain, regexError } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { referenceErrors } from './ingress-validation.ts'

/** `"true"` makes a class the one that Ingresses without a class get. */
export const defaultIngressClassAnnotation = 'ingressclass.kubernetes.io/is-default-class'

const controllerBytesMax = 250
const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const pathPattern = new RegExp(`^${pathFormat}$`)
const at = fieldPath('spec')

/** Whether Ingresses without a class get this one. */
export function isDefaultIngressClass({ metadata }: IngressClass): boolean {
  return metadata.annotations?.[defaultIngressClassAnnotation] === 'true'
}

function validateIngressClass(ingressClass: IngressClass): FieldError[] {
  const { controller, parameters } = ingressClass.spec ?? {}
  return [...controllerErrors(controller ?? '', at.child('controller')), ...(parameters ? parametersErrors(parameters, at.child('parameters')) : [])]
}

function controllerErrors(controller: string, path: FieldPath): FieldError[] {
  if (controller === '') return [fieldRequired(path)]
  const errors: FieldError[] = []
  if (byteLength(controller) > controllerBytesMax) errors.push(fieldTooLong(path, controllerBytesMax))
  const slash = controller.indexOf('/')
  if (slash <= 0 || slash === controller.length - 1) return [...errors, fieldInvalid(path, controller, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  const host = controller.slice(0, slash)
  const rest = controller.slice(slash + 1)
  errors.push(...isDns1123Subdomain(host).map((message) => fieldInvalid(path, host, message)))
  if (!pathPattern.test(rest)) errors.push(fieldInvalid(path, rest, regexError('Invalid path', pathFormat)))
  return errors
}

function parametersErrors(parameters: IngressClassParametersReference, path: FieldPath): FieldError[] {
  const errors = referenceErrors(parameters, path)
  const { scope, namespace } = parameters
  if (scope === undefined) errors.push(fieldRequired(path.child('scope')))
  else if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(fieldRequired(path.child('namespace'), "`parameters.scope` is set to 'Namespace'"))
    else errors.push(...isDns1123Label(namespace).map((message) => fieldInvalid(path.child('namespace'), namespace, message)))
  } else if (scope !== 'Cluster') errors.push(fieldNotSupported(path.child('scope'), scope, ['Cluster', 'Namespace']))
  else if (namespace !== undefined) errors.push(fieldForbidden(path.child('namespace'), "`parameters.scope` is set to 'Cluster'"))
  return errors
}

function parametersText({ spec }: IngressClass): string {
  const parameters = spec?.parameters
  if (!parameters) return '<none>'
  return `${parameters.kind}${parameters.apiGroup === undefined ? '' : `.${parameters.apiGroup}`}/${parameters.name}`
}

export const ingressClassKind = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IngressClass',
  storagePrefix: 'ingressclasses',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults({ spec }) {
      if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
    },
    validate: validateIngressClass,
    validateUpdate(ingressClass, old) {
      const controller = ingressClass.spec?.controller ?? ''
      const changed = controller !== (old.spec?.controller ?? '') ? [fieldInvalid(at.child('controller'), controller, fieldIsImmutable)] : []
      return [...changed, ...validateIngressClass(ingressClass)]
    },
  },
  columns: [
    nameColumn(),
    column('Controller', 'Controller that is responsible for handling this class', ({ spec }) => spec?.controller ?? ''),
    column('Parameters', 'A reference to a resource with additional parameters', parametersText),
    ageColumn(),
  ],
  health: (ingressClass) => ({ mark: 'running', sentence: `${isDefaultIngressClass(ingressClass) ? 'the default class, ' : ''}answered for by ${ingressClass.spec?.controller ?? 'nobody'}` }),
  relations({ spec }) {
    const parameters = spec?.parameters
    if (!parameters) return []
    return [{ role: 'parameters', group: parameters.apiGroup ?? '', kind: parameters.kind, name: parameters.name, ...(parameters.namespace ? { namespace: parameters.namespace } : {}) }]
  },
})
