import type { DownwardAPIVolumeFile, KeyToPath, PersistentVolumeClaimTemplate, Volume, VolumeProjection } from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label } from '../../machinery/names.ts'
import { bytesOf } from '../../machinery/quantity.ts'
import { fieldRefErrors, resourceFieldErrors, volumeFields } from './env-validation.ts'
import { validateAnnotations, validateLabels } from './label-validation.ts'
import { descendingPathErrors, plainPathErrors } from './path-validation.ts'
import { claimSpecErrors } from './persistent-volume-claim-validation.ts'
import { csiDriverNameErrors } from './persistent-volume-sources.ts'
import { volumeSourcesOf } from './volume-defaults.ts'

export function volumesErrors(volumes: readonly Volume[] | undefined, path: FieldPath): FieldError[] {
  if (!volumes) return []
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index)
    const own = sourceErrors(volume, at)
    if (!volume.name) own.push(fieldRequired(at.child('name')))
    else {
      for (const message of isDns1123Label(volume.name)) own.push(fieldInvalid(at.child('name'), volume.name, message))
      if (names.has(volume.name)) own.push(fieldDuplicate(at.child('name'), volume.name))
      names.add(volume.name)
    }
    errors.push(...own)
  }
  return errors
}

function sourceErrors(volume: Volume, at: FieldPath): FieldError[] {
  const [first, ...more] = volumeSourcesOf(volume)
  if (first === undefined) return [fieldRequired(at, 'must specify a volume type')]
  const errors = typedErrors(volume, first, at.child(first))
  for (const source of more) errors.push(fieldForbidden(at.child(source), 'may not specify more than 1 volume type'))
  return errors
}

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

function typedErrors(volume: Volume, source: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const required = (value: unknown, ...field: string[]): void => {
    if (!value) errors.push(fieldRequired(at.child(...field)))
  }
  switch (source) {
    case 'emptyDir':
      if (volume.emptyDir?.sizeLimit && bytesOf(volume.emptyDir.sizeLimit) < 0) errors.push(fieldForbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'))
      break
    case 'hostPath': {
      const { path = '', type = '' } = volume.hostPath ?? {}
      if (path === '') return [fieldRequired(at.child('path'))]
      errors.push(...noBacksteps(path, at.child('path')))
      if (!hostPathTypes.includes(type)) errors.push(fieldNotSupported(at.child('type'), type, hostPathTypes))
      break
    }
    case 'secret':
      required(volume.secret?.secretName, 'secretName')
      errors.push(...modeErrors(volume.secret?.defaultMode, at.child('defaultMode')), ...itemErrors(volume.secret?.items, at.child('items')))
      break
    case 'configMap':
      required(volume.configMap?.name, 'name')
      errors.push(...modeErrors(volume.configMap?.defaultMode, at.child('defaultMode')), ...itemErrors(volume.configMap?.items, at.child('items')))
      break
    case 'persistentVolumeClaim':
      required(volume.persistentVolumeClaim?.claimName, 'claimName')
      break
    case 'downwardAPI':
      errors.push(...modeErrors(volume.downwardAPI?.defaultMode, at.child('defaultMode')), ...downwardErrors(volume.downwardAPI?.items, at.child('items')))
      break
    case 'projected':
      errors.push(...modeErrors(volume.projected?.defaultMode, at.child('defaultMode')), ...projectedErrors(volume.projected?.sources, at))
      break
    case 'nfs':
      required(volume.nfs?.server, 'server')
      required(volume.nfs?.path, 'path')
      if (volume.nfs?.path && !volume.nfs.path.startsWith('/')) errors.push(fieldInvalid(at.child('path'), volume.nfs.path, 'must be an absolute path'))
      break
    case 'csi':
      errors.push(...csiDriverNameErrors(volume.csi?.driver ?? '', at.child('driver')))
      if (volume.csi?.nodePublishSecretRef && !volume.csi.nodePublishSecretRef.name) errors.push(fieldRequired(at.child('nodePublishSecretRef', 'name')))
      break
    case 'gitRepo':
      required(volume.gitRepo?.repository, 'repository')
      break
    case 'ephemeral':
      errors.push(...claimTemplateErrors(volume.ephemeral?.volumeClaimTemplate, at.child('volumeClaimTemplate')))
      break
    case 'image': {
      const policy = volume.image?.pullPolicy
      if (policy && !['Always', 'IfNotPresent', 'Never'].includes(policy)) errors.push(fieldNotSupported(at.child('pullPolicy'), policy, ['Always', 'IfNotPresent', 'Never']))
    }
  }
  return errors
}

/** The claim that is made for the pod. */
function claimTemplateErrors(template: PersistentVolumeClaimTemplate | undefined, at: FieldPath): FieldError[] {
  if (!template) return [fieldRequired(at)]
  const { annotations, labels } = template.metadata ?? {}
  const metadata = at.child('metadata')
  return [...validateAnnotations(annotations, metadata.child('annotations')), ...validateLabels(labels, metadata.child('labels')), ...claimSpecErrors(template.spec ?? {}, at.child('spec'))]
}

function noBacksteps(path: string, at: FieldPath): FieldError[] {
  return path.split('/').includes('..') ? [fieldInvalid(at, path, "must not contain '..'")] : []
}

function modeErrors(mode: number | undefined, at: FieldPath): FieldError[] {
  return mode !== undefined && (mode < 0 || mode > 0o777) ? [fieldInvalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')] : []
}

function itemErrors(items: readonly KeyToPath[] | undefined, path: FieldPath): FieldError[] {
  return (items ?? []).flatMap((item, index) => {
    const at = path.index(index)
    const errors: FieldError[] = []
    if (!item.key) errors.push(fieldRequired(at.child('key')))
    if (!item.path) errors.push(fieldRequired(at.child('path')))
    else errors.push(...plainPathErrors(item.path, at.child('path')))
    return [...errors, ...modeErrors(item.mode, at.child('mode'))]
  })
}

function downwardErrors(files: readonly DownwardAPIVolumeFile[] | undefined, path: FieldPath): FieldError[] {
  return (files ?? []).flatMap((file, index) => {
    const at = path.index(index)
    const errors: FieldError[] = []
    if (!file.path) errors.push(fieldRequired(at.child('path')))
    else errors.push(...plainPathErrors(file.path, at.child('path')))
    if (file.fieldRef) {
      errors.push(...fieldRefErrors(file.fieldRef, volumeFields, at.child('fieldRef')))
      if (file.resourceFieldRef) errors.push(fieldInvalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    } else if (file.resourceFieldRef) errors.push(...resourceFieldErrors(file.resourceFieldRef, true, at.child('resourceFieldRef')))
    else errors.push(fieldRequired(at, 'one of fieldRef and resourceFieldRef is required'))
    return [...errors, ...modeErrors(file.mode, at.child('mode'))]
  })
}

function projectedErrors(sources: readonly VolumeProjection[] | undefined, path: FieldPath): FieldError[] {
  return (sources ?? []).flatMap((source, index) => {
    const at = path.child('sources').index(index)
    const errors: FieldError[] = []
    const kinds = Object.keys(source).filter((field) => source[field as keyof VolumeProjection] != null)
    if (kinds.length > 1) errors.push(fieldForbidden(at, 'may not specify more than 1 volume type per source'))
    for (const field of ['secret', 'configMap'] as const) {
      const one = source[field]
      if (!one) continue
      if (!one.name) errors.push(fieldRequired(at.child(field, 'name')))
      errors.push(...itemErrors(one.items, at.child(field, 'items')))
    }
    if (source.downwardAPI) errors.push(...downwardErrors(source.downwardAPI.items, at.child('downwardAPI', 'items')))
    const token = source.serviceAccountToken
    if (token) {
      const seconds = token.expirationSeconds ?? 0
      if (seconds < 600) errors.push(fieldInvalid(at.child('serviceAccountToken', 'expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'))
      if (seconds > 2 ** 32) errors.push(fieldInvalid(at.child('serviceAccountToken', 'expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'))
      if (!token.path) errors.push(fieldRequired(at.child('serviceAccountToken', 'path')))
      else errors.push(...descendingPathErrors(token.path, at.child('serviceAccountToken', 'path')))
    }
    return errors
  })
}
