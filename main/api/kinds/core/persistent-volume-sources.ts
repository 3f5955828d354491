/** The storage behind a PersistentVolume: of some thirty kinds exactly one, each with its own rules. */
import type { FCVolumeSource, ISCSIPersistentVolumeSource, PersistentVolumeSpec, QuobyteVolumeSource, SecretReference } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { inclusiveRangeError, isDns1123Label, isDns1123Subdomain } from '../../machinery/names.ts'
import { volumeSourceFields } from './persistent-volume-source-names.ts'
import type { VolumeSourceField } from './persistent-volume-source-names.ts'

/** The sources that are given, in upstream's order. */
export function sourcesOf(spec: PersistentVolumeSpec): VolumeSourceField[] {
  return volumeSourceFields.filter((field) => spec[field] != null)
}

/** Exactly one source, and that one right. */
export function volumeSourceErrors(spec: PersistentVolumeSpec, volumeName: string, at: FieldPath): FieldError[] {
  const [first, ...more] = sourcesOf(spec)
  if (first === undefined) return [fieldRequired(at, 'must specify a volume type')]
  const errors = [...requiredErrors(spec, first, at), ...ownErrors(spec, volumeName, at)[first]?.() ?? []]
  // Upstream misspells one path, and never minds a flexVolume beside another.
  for (const field of more) if (field !== 'flexVolume') errors.push(fieldForbidden(at.child(field === 'cephfs' ? 'cephFS' : field), 'may not specify more than 1 volume type'))
  return errors
}

/** What must not be empty. */
const requiredOf: Readonly<Partial<Record<VolumeSourceField, readonly string[]>>> = {
  hostPath: ['path'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  glusterfs: ['endpoints', 'path'],
  nfs: ['server', 'path'],
  rbd: ['monitors', 'image'],
  cephfs: ['monitors'],
  iscsi: ['targetPortal'],
  cinder: ['volumeID'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  local: ['path'],
}

function requiredErrors(spec: PersistentVolumeSpec, source: VolumeSourceField, at: FieldPath): FieldError[] {
  const value = spec[source] as unknown as Readonly<Record<string, { readonly length: number } | undefined>>
  const path = at.child(source === 'gcePersistentDisk' ? 'persistentDisk' : source)
  return (requiredOf[source] ?? []).filter((field) => !value[field]?.length).map((field) => fieldRequired(path.child(field)))
}

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']
const cachingModes = ['None', 'ReadOnly', 'ReadWrite']
const diskKinds = ['Dedicated', 'Managed', 'Shared']

function ownErrors(spec: PersistentVolumeSpec, volumeName: string, at: FieldPath): { readonly [field in VolumeSourceField]?: () => FieldError[] } {
  return {
    hostPath: () => {
      const { path = '', type = '' } = spec.hostPath ?? {}
      if (path === '') return []
      const type_ = hostPathTypes.includes(type) ? [] : [fieldNotSupported(at.child('hostPath', 'type'), type, hostPathTypes)]
      return [...backstepErrors(path, at.child('hostPath', 'path')), ...type_]
    },
    local: () => backstepErrors(spec.local?.path ?? '', at.child('local', 'path')),
    gcePersistentDisk: () => partitionErrors(spec.gcePersistentDisk?.partition, at.child('persistentDisk', 'partition')),
    awsElasticBlockStore: () => partitionErrors(spec.awsElasticBlockStore?.partition, at.child('awsElasticBlockStore', 'partition')),
    glusterfs: () => {
      const namespace = spec.glusterfs?.endpointsNamespace
      const path = at.child('glusterfs', 'endpointsNamespace')
      if (namespace === undefined) return []
      return namespace === '' ? [fieldInvalid(path, namespace, 'if the endpointnamespace is set, it must be a valid namespace name')] : isDns1123Label(namespace).map((message) => fieldInvalid(path, namespace, message))
    },
    flocker: () => {
      const { datasetName = '', datasetUUID = '' } = spec.flocker ?? {}
      const path = at.child('flocker')
      return [
        ...(datasetName === '' && datasetUUID === '' ? [fieldRequired(path, 'one of datasetName and datasetUUID is required')] : []),
        ...(datasetName !== '' && datasetUUID !== '' ? [fieldInvalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')] : []),
        ...(datasetName.includes('/') ? [fieldInvalid(path.child('datasetName'), datasetName, "must not contain '/'")] : []),
      ]
    },
    nfs: () => (spec.nfs?.path?.startsWith('/') ? [] : [fieldInvalid(at.child('nfs', 'path'), spec.nfs?.path ?? '', 'must be an absolute path')]),
    quobyte: () => quobyteErrors(spec.quobyte!, at.child('quobyte')),
    iscsi: () => iscsiErrors(spec.iscsi!, volumeName, at.child('iscsi')),
    cinder: () => secretErrors(spec.cinder?.secretRef, at.child('cinder', 'secretRef')),
    fc: () => fibreErrors(spec.fc!, at.child('fc')),
    flexVolume: () => reservedOptionErrors(spec.flexVolume?.options, at.child('flexVolume', 'options')),
    azureFile: () => (spec.azureFile?.secretNamespace === '' ? [fieldRequired(at.child('azureFile', 'secretNamespace'))] : []),
    azureDisk: () => azureDiskErrors(spec, at.child('azureDisk')),
    storageos: () => {
      const { volumeName: volume = '', volumeNamespace = '', secretRef } = spec.storageos ?? {}
      const path = at.child('storageos')
      const named = volume === '' ? [fieldRequired(path.child('volumeName'))] : isDns1123Label(volume).map((message) => fieldInvalid(path.child('volumeName'), volume, message))
      const inNamespace = volumeNamespace === '' ? [] : isDns1123Label(volumeNamespace).map((message) => fieldInvalid(path.child('volumeNamespace'), volumeNamespace, message))
      return [...named, ...inNamespace, ...secretErrors(secretRef, path.child('secretRef'))]
    },
    csi: () => csiErrors(spec, at.child('csi')),
  }
}

function backstepErrors(path: string, at: FieldPath): FieldError[] {
  return path.split('/').includes('..') ? [fieldInvalid(at, path, "must not contain '..'")] : []
}

function partitionErrors(partition: number | undefined, at: FieldPath): FieldError[] {
  return partition !== undefined && (partition < 0 || partition > 255) ? [fieldInvalid(at, partition, inclusiveRangeError(1, 255))] : []
}

function secretErrors(secret: { readonly name?: string; readonly namespace?: string } | undefined, at: FieldPath): FieldError[] {
  if (!secret) return []
  return [...(secret.name ? [] : [fieldRequired(at.child('name'))]), ...(secret.namespace ? [] : [fieldRequired(at.child('namespace'))])]
}

function quobyteErrors({ registry = '', tenant = '', volume = '' }: QuobyteVolumeSource, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const wrong = 'must be a host:port pair or multiple pairs separated by commas'
  if (registry === '') errors.push(fieldRequired(at.child('registry'), wrong))
  else if (tenant.length >= 65) errors.push(fieldRequired(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'))
  else for (const pair of registry.split(',')) if (!/^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair)) errors.push(fieldInvalid(at.child('registry'), registry, wrong))
  if (volume === '') errors.push(fieldRequired(at.child('volume')))
  return errors
}

const iqnPattern = /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/
const euiPattern = /^eui.[A-Za-z0-9]{16}$/
const naaPattern = /^naa.[A-Za-z0-9]{32}$/

function isInitiator(name: string): boolean {
  if (name.startsWith('iqn')) return iqnPattern.test(name)
  if (name.startsWith('eui')) return euiPattern.test(name)
  return name.startsWith('naa') && naaPattern.test(name)
}

function iscsiErrors(source: ISCSIPersistentVolumeSource, volumeName: string, at: FieldPath): FieldError[] {
  const { targetPortal = '', initiatorName, iqn = '', lun = 0, secretRef } = source
  const errors: FieldError[] = []
  if (initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > 64) {
    errors.push(fieldInvalid(at.child('targetportal'), targetPortal, 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'))
  }
  if (iqn === '') errors.push(fieldRequired(at.child('iqn')))
  else if (!isInitiator(iqn)) errors.push(fieldInvalid(at.child('iqn'), iqn, 'must be valid format'))
  if (lun < 0 || lun > 255) errors.push(fieldInvalid(at.child('lun'), lun, inclusiveRangeError(0, 255)))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) errors.push(fieldRequired(at.child('secretRef')))
  if (secretRef && !secretRef.name) errors.push(fieldRequired(at.child('secretRef', 'name')))
  if (initiatorName !== undefined && !isInitiator(initiatorName)) errors.push(fieldInvalid(at.child('initiatorname'), initiatorName, 'must be valid format'))
  return errors
}

function fibreErrors({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (targetWWNs.length === 0 && wwids.length === 0) errors.push(fieldRequired(at.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both'))
  if (targetWWNs.length > 0 && wwids.length > 0) errors.push(fieldInvalid(at.child('targetWWNs'), targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  if (targetWWNs.length > 0) {
    if (lun === undefined) errors.push(fieldRequired(at.child('lun'), 'lun is required if targetWWNs is specified'))
    else if (lun < 0 || lun > 255) errors.push(fieldInvalid(at.child('lun'), lun, inclusiveRangeError(0, 255)))
  }
  return errors
}

function reservedOptionErrors(options: Readonly<Record<string, string>> | undefined, at: FieldPath): FieldError[] {
  return Object.keys(options ?? {}).flatMap((key) => {
    const domain = `.${key.split('/')[0]?.toLowerCase()}`
    return domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io') ? [fieldInvalid(at.key(key), key, 'kubernetes.io and k8s.io namespaces are reserved')] : []
  })
}

function azureDiskErrors({ azureDisk }: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const { cachingMode, kind, diskURI = '' } = azureDisk ?? {}
  const errors: FieldError[] = []
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) errors.push(fieldNotSupported(at.child('cachingMode'), cachingMode, cachingModes))
  if (kind !== undefined && !diskKinds.includes(kind)) errors.push(fieldNotSupported(at.child('kind'), kind, diskKinds))
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.push(fieldNotSupported(at.child('diskURI'), diskURI, ['/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}']))
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.push(fieldNotSupported(at.child('diskURI'), diskURI, ['https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd']))
  }
  return errors
}

/** A CSI driver's name: a domain, in any case, that fits into a label. */
export function csiDriverNameErrors(name: string, at: FieldPath): FieldError[] {
  return [
    ...(name === '' ? [fieldRequired(at)] : []),
    ...(name.length > 63 ? [fieldTooLong(at, 63)] : []),
    ...isDns1123Subdomain(name.toLowerCase()).map((message) => fieldInvalid(at, name, message)),
  ]
}

function csiErrors({ csi }: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const errors = csiDriverNameErrors(csi?.driver ?? '', at.child('driver'))
  if (!csi?.volumeHandle) errors.push(fieldRequired(at.child('volumeHandle')))
  for (const field of ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const) {
    const secret = csi?.[field]
    if (secret) errors.push(...secretNameErrors(secret, at.child(field)))
  }
  return errors
}

function secretNameErrors({ name = '', namespace = '' }: SecretReference, at: FieldPath): FieldError[] {
  const named = name === '' ? [fieldRequired(at.child('name'))] : isDns1123Subdomain(name).map((message) => fieldInvalid(at.child('name'), name, message))
  const inNamespace = namespace === '' ? [fieldRequired(at.child('namespace'))] : isDns1123Label(namespace).map((message) => fieldInvalid(at.child('namespace'), namespace, message))
  return [...named, ...inNamespace]
}
