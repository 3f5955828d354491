/** A version of a CustomResourceDefinition as a kind that the generic registry serves. */
import type { CustomResourceDefinition, CustomResourceDefinitionVersion, CustomResourceSubresourceScale } from '../../../api/generated/types.ts'
import { isCrdConditionTrue } from '../../../api/kinds/apiextensions/conditions.ts'
import { uncorrelated } from '../../../api/kinds/apiextensions/schema/correlation.ts'
import type { Old } from '../../../api/kinds/apiextensions/schema/correlation.ts'
import { defaulted } from '../../../api/kinds/apiextensions/schema/defaulting.ts'
import { validateListTypes } from '../../../api/kinds/apiextensions/schema/list-types.ts'
import { coercedEmbedded, coercedMetadata, validateEmbedded } from '../../../api/kinds/apiextensions/schema/object-meta.ts'
import { pruned } from '../../../api/kinds/apiextensions/schema/prune.ts'
import { RuleBudget, validateRules } from '../../../api/kinds/apiextensions/schema/rules.ts'
import type { Schema } from '../../../api/kinds/apiextensions/schema/structural.ts'
import { validateValue } from '../../../api/kinds/apiextensions/schema/value-validation.ts'
import { defineKind } from '../../../api/kinds/kind.ts'
import type { Kind, Strategy, Subresource, Verb } from '../../../api/kinds/kind.ts'
import { goText } from '../../../api/machinery/codec/unstructured.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import { isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { isDns1123Subdomain } from '../../../api/machinery/names.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { customDefinitionName } from '../../../api/machinery/openapi/kind.ts'
import { customColumns } from './columns.ts'
import type { Conversion } from './conversion.ts'
import { findJsonPath, parseJsonPath } from './json-path.ts'

const preservesAll = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as Schema
const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const verbsWhileTerminating: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch']

type Custom = KubeObject & { status?: unknown; spec?: unknown }

/** Where the objects of a definition lie in etcd. */
export function storagePrefixOf(crd: CustomResourceDefinition): string {
  return `${crd.spec.group}/${crd.spec.names.plural}`
}

/** The kind of one served version. */
export function customKind(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion, conversion: Conversion): Kind {
  const { group } = crd.spec
  const names = crd.status!.acceptedNames!
  const schema = crd.spec.preserveUnknownFields ? preservesAll : (version.schema?.openAPIV3Schema ?? preservesAll)
  const apiVersion = `${group}/${version.name}`
  const terminating = isCrdConditionTrue(crd, 'Terminating')
  const hasStatus = version.subresources?.status !== undefined
  const form = (object: KubeObject): KubeObject => defaulted(pruned(object, schema, true), schema)
  const { deprecated, deprecationWarning } = version
  return defineKind<Custom>({
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? '',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: crd.spec.scope === 'Namespaced',
    schema: customDefinitionName({ group, version: version.name, kind: names.kind }),
    storagePrefix: storagePrefixOf(crd),
    verbs,
    strategy: strategyOf(schema, hasStatus, version),
    subresources: subresourcesOf(schema, version),
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: Object.fromEntries((version.selectableFields ?? []).map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), textAt(jsonPath)])),
    ...(deprecated ? { deprecation: deprecationWarning ?? `${apiVersion} ${names.kind} is deprecated` } : {}),
    health(object) {
      const ready = (object.status as { conditions?: { type?: string; status?: string; message?: string }[] } | undefined)?.conditions?.find?.((each) => each.type === 'Ready')
      if (object.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being deleted' }
      if (ready?.status === 'True') return { mark: 'running', sentence: ready.message || 'it is ready' }
      return ready ? { mark: 'pending', sentence: ready.message || 'it is not ready' } : { mark: 'running', sentence: 'exists' }
    },
    custom: {
      structural: publishedOf(schema, version),
      storedApiVersion: conversion.storedApiVersion,
      decode(value) {
        const unknown: string[] = []
        const object = coercedEmbedded(pruned(coercedMetadata(value, unknown), schema, true, unknown), schema, unknown)
        return { object: defaulted(object, schema), unknownFields: unknown }
      },
      fromStored: (object) => form(conversion.fromStored(object, apiVersion)),
      toStored: (object) => conversion.toStored(object),
      ...(conversion.prepareFromStored ? { prepareFromStored: (objects: readonly KubeObject[]) => conversion.prepareFromStored!(objects, apiVersion) } : {}),
      ...(conversion.prepareToStored ? { prepareToStored: (object: KubeObject) => conversion.prepareToStored!(object) } : {}),
      ...(terminating ? { advertisedVerbs: verbsWhileTerminating } : {}),
      refusal: (verb) => (terminating && verb === 'create' ? 'create not allowed while custom resource definition is terminating' : undefined),
    },
  }) as unknown as Kind
}

/** The schema as it is published, with the fields that may be selected. */
function publishedOf(schema: Schema, { selectableFields }: CustomResourceDefinitionVersion): JsonObject {
  const published = schema as unknown as JsonObject
  if (!selectableFields || selectableFields.length === 0) return published
  return { ...published, 'x-kubernetes-selectable-fields': selectableFields.map(({ jsonPath }) => ({ fieldPath: jsonPath.replace(/^\./, '') })) }
}

function strategyOf(schema: Schema, hasStatus: boolean, version: CustomResourceDefinitionVersion): Strategy<Custom> {
  // Warnings of ratcheted rules are told once the write is known to go through.
  let warnings: string[] = []
  const scale = version.subresources?.scale
  const judge = (object: Custom, old: Custom | undefined): FieldError[] => {
    warnings = []
    return [...validateCustom(object, schema, old, (text) => warnings.push(text)), ...(scale ? replicasProblems(object, scale) : [])]
  }
  return {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: false,
    anyFinalizer: true,
    defaultPropagation: 'Background',
    defaults(object) {
      const next = defaulted(object, schema)
      if (next === object) return
      for (const key of Object.keys(object)) if (!(key in next)) delete (object as unknown as JsonObject)[key]
      Object.assign(object, next)
    },
    prepareForCreate(object) {
      if (hasStatus) delete object.status
    },
    prepareForUpdate(object, old) {
      if (!hasStatus) return
      if (old.status === undefined) delete object.status
      else object.status = old.status
    },
    generationOf(object) {
      const { metadata: _metadata, apiVersion: _apiVersion, kind: _kind, ...rest } = object as unknown as JsonObject
      if (hasStatus) delete rest['status']
      return rest
    },
    validate: (object) => judge(object, undefined),
    validateUpdate: (object, old) => judge(object, old),
    warnings: () => warnings,
  }
}

function validateCustom(object: Custom, schema: Schema, old: Custom | undefined, onWarning: (text: string) => void): FieldError[] {
  const before: Old = old ?? uncorrelated
  const errors = validateValue(object, schema, '', before)
  errors.push(...validateEmbedded(object, schema), ...validateListTypes(object, schema, before))
  // Rules presume that the types are right.
  if (errors.some((error) => error.type !== 'FieldValueInvalid' && error.type !== 'FieldValueNotSupported' && error.type !== 'FieldValueDuplicate')) return errors
  errors.push(...validateRules(object, schema, { path: undefined, isRoot: true, old: before, budget: new RuleBudget(), onWarning }))
  return errors
}

const int32Max = 2_147_483_647

/** What the scale endpoint will show has to be numbers of its type. */
function replicasProblems(object: Custom, { specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale): FieldError[] {
  const errors: FieldError[] = []
  for (const path of [specReplicasPath, statusReplicasPath]) {
    const value = valueAt(object, path)
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isInteger(value)) errors.push(fieldInvalid(path, 0, `${path} accessor error: ${goText(value)} is of the type ${goTypeOf(value)}, expected int64`))
    else if (value < 0) errors.push(fieldInvalid(path, value, 'should be a non-negative integer'))
    else if (value > int32Max) errors.push(fieldInvalid(path, value, `should be less than or equal to ${int32Max}`))
  }
  const selector = labelSelectorPath ? valueAt(object, labelSelectorPath) : undefined
  if (selector !== undefined && typeof selector !== 'string') errors.push(fieldInvalid(labelSelectorPath!, '', `${labelSelectorPath} accessor error: ${goText(selector)} is of the type ${goTypeOf(selector)}, expected string`))
  return errors
}

function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? '[]interface {}' : isObject(value) ? 'map[string]interface {}' : typeof value
}

function valueAt(object: unknown, path: string): unknown {
  let value = object
  for (const step of path.split('.')) if (step !== '') value = isObject(value) ? value[step] : undefined
  return value
}

function subresourcesOf(schema: Schema, version: CustomResourceDefinitionVersion): Subresource<Custom>[] {
  const subresources: Subresource<Custom>[] = []
  const scale = version.subresources?.scale
  if (version.subresources?.status) {
    subresources.push({
      type: 'status',
      // Only the status is taken, and what the field manager noted of it.
      prepareForUpdate(object, old) {
        const { status } = object
        const { managedFields } = object.metadata
        for (const key of Object.keys(object)) delete (object as unknown as JsonObject)[key]
        Object.assign(object, old, { metadata: { ...old.metadata } })
        if (managedFields) object.metadata.managedFields = managedFields
        else delete object.metadata.managedFields
        if (status === undefined) delete object.status
        else object.status = status
      },
      validateUpdate: (object, old) => [...validateCustom(object, schema, old, () => undefined), ...(scale ? replicasProblems(object, scale) : [])],
    })
  }
  if (scale) {
    const selector = scale.labelSelectorPath ? textAt(scale.labelSelectorPath) : (): string => ''
    subresources.push({ type: 'scale', specReplicas: scale.specReplicasPath, statusReplicas: scale.statusReplicasPath, requires: scale.specReplicasPath, selector })
  }
  return subresources
}

/** The text at a simple path: '' when there is none. */
function textAt(jsonPath: string): (object: KubeObject) => string {
  const path = parseJsonPath(jsonPath) ?? []
  return (object) => {
    const [value] = findJsonPath(path, object)
    return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
  }
}
