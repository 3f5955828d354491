import type { VolumeAttachment, VolumeAttachmentSource, VolumeAttachmentSpec, VolumeError } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { inclusiveRangeError, isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { csiDriverNameErrors } from '../core/persistent-volume-sources.ts'
import { inlineVolumeErrors } from '../core/persistent-volume-validation.ts'
import { defaultVolumeSources } from '../core/volume-defaults.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { mapSize } from './parameters-validation.ts'

const spec = 'io.k8s.api.storage.v1.VolumeAttachmentSpec'
const metadataBytesMax = 256 * 1024
const messageBytesMax = 1024

export const volumeAttachmentKind = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttachment',
  storagePrefix: 'volumeattachments',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    // Validation has not seen what comes here: there may be no source, and no spec.
    defaults({ spec }: { readonly spec?: Partial<VolumeAttachmentSpec> }) {
      const inline = spec?.source?.inlineVolumeSpec
      if (!inline) return
      inline.volumeMode ??= 'Filesystem'
      defaultVolumeSources(inline)
    },
    prepareForCreate(attachment) {
      attachment.status = { attached: false }
    },
    prepareForUpdate: keepStatus,
    validate: (attachment) => [...validateAttachment(attachment), ...namesErrors(attachment)],
    validateUpdate: validateAttachmentUpdate,
  },
  subresources: [
    statusSubresource(validateAttachmentUpdate, ({ metadata }, { metadata: old }) => {
      for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
        if (old[field] === undefined) delete metadata[field]
        else Object.assign(metadata, { [field]: old[field] })
      }
    }),
  ],
  columns: [
    nameColumn(),
    column('Attacher', [spec, 'attacher'], (attachment) => attachment.spec.attacher, { format: 'name' }),
    column('PV', ['io.k8s.api.storage.v1.VolumeAttachmentSource', 'persistentVolumeName'], (attachment) => attachment.spec.source.persistentVolumeName ?? ''),
    column('Node', [spec, 'nodeName'], (attachment) => attachment.spec.nodeName),
    column('Attached', ['io.k8s.api.storage.v1.VolumeAttachmentStatus', 'attached'], (attachment) => attachment.status?.attached ?? false, { type: 'boolean' }),
    ageColumn(),
  ],
  health({ metadata, status }) {
    const failure = status?.detachError ?? status?.attachError
    if (failure?.message) return { mark: 'failed', sentence: failure.message }
    if (metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being detached' }
    return status?.attached ? { mark: 'running', sentence: 'it is attached' } : { mark: 'pending', sentence: 'it is being attached' }
  },
  relations: ({ spec: { attacher, nodeName, source } }) => [
    { role: 'node', group: '', kind: 'Node', name: nodeName },
    ...(source.persistentVolumeName ? [{ role: 'volume', group: '', kind: 'PersistentVolume', name: source.persistentVolumeName }] : []),
    { role: 'driver', group: 'storage.k8s.io', kind: 'CSIDriver', name: attacher },
  ],
})

function validateAttachment({ spec: it, status }: VolumeAttachment): FieldError[] {
  const at = fieldPath('spec')
  const errors: FieldError[] = it.attacher ? [] : [fieldRequired(at.child('attacher'))]
  errors.push(...sourceErrors(it.source ?? {}, at.child('source')))
  for (const message of isDns1123Subdomain(it.nodeName ?? '')) errors.push(fieldInvalid(at.child('nodeName'), it.nodeName ?? '', message))
  const statusPath = fieldPath('status')
  if (mapSize(status?.attachmentMetadata) > metadataBytesMax) errors.push(fieldTooLong(statusPath.child('attachmentMetadata'), metadataBytesMax))
  return [...errors, ...failureErrors(status?.attachError, statusPath.child('attachError')), ...failureErrors(status?.detachError, statusPath.child('detachError'))]
}

function sourceErrors({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource, at: FieldPath): FieldError[] {
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inlineVolumeSpec) return persistentVolumeName === undefined ? inlineVolumeErrors(inlineVolumeSpec, at.child('inlineVolumeSpec')) : [fieldForbidden(at, one)]
  if (persistentVolumeName === undefined) return [fieldRequired(at, one)]
  return persistentVolumeName === '' ? [fieldRequired(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')] : []
}

function failureErrors(failure: VolumeError | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  // Upstream names the limit of the metadata here.
  if (byteLength(failure?.message ?? '') > messageBytesMax) errors.push(fieldTooLong(at.child('message'), metadataBytesMax))
  if ((failure?.errorCode ?? 0) < 0) errors.push(fieldInvalid(at.child('errorCode'), failure?.errorCode, inclusiveRangeError(0, 2147483647)))
  return errors
}

/** What only v1 checks, on create. */
function namesErrors({ spec: { attacher, source } }: VolumeAttachment): FieldError[] {
  const name = source.persistentVolumeName
  return [
    ...csiDriverNameErrors(attacher ?? '', fieldPath('spec.attacher')),
    ...(name === undefined ? [] : isDns1123Subdomain(name).map((message) => fieldInvalid('spec.source.persistentVolumeName', name, message))),
  ]
}

/** The spec as upstream shows it: by its internal type. */
function shownSpec({ attacher, nodeName, source }: VolumeAttachmentSpec): object {
  return { Attacher: attacher, Source: { PersistentVolumeName: source.persistentVolumeName ?? null, InlineVolumeSpec: source.inlineVolumeSpec ?? null }, NodeName: nodeName }
}

function validateAttachmentUpdate(attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  const errors = validateAttachment(attachment)
  if (!semanticEqual(attachment.spec, old.spec)) errors.push(fieldInvalid(fieldPath('spec'), shownSpec(attachment.spec), fieldIsImmutable))
  return errors
}
