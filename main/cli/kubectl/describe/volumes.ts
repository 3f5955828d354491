import type { ObjectReference, PersistentVolume, SecretReference, Volume } from '../../../api/generated/types.ts'
import { listText, mapText } from '../../../api/machinery/go-text.ts'
import { parseQuantity } from '../../../api/machinery/quantity.ts'
import { describeClaim } from './claim.ts'
import type { Description } from './description.ts'

type Source = Readonly<Record<string, unknown>>
type Line = readonly [label: string, value: (source: Source) => unknown]
interface SourceText {
  readonly type: string
  readonly lines: readonly Line[]
}

const text = (field: string): ((source: Source) => unknown) => (source) => source[field] ?? ''
const flag = (field: string): ((source: Source) => unknown) => (source) => source[field] ?? false
const number = (field: string): ((source: Source) => unknown) => (source) => source[field] ?? 0
const words = (field: string): ((source: Source) => unknown) => (source) => listText((source[field] as string[] | undefined) ?? [])
const map = (field: string): ((source: Source) => unknown) => (source) => mapText((source[field] as Record<string, string> | undefined) ?? {})
const readOnly: Line = ['ReadOnly:', flag('readOnly')]
const fsType: Line = ['FSType:', text('fsType')]
/** Go's text of a pointer to a reference. */
const secretRef: Line = [
  'SecretRef:',
  ({ secretRef: reference }) => {
    if (!reference) return 'nil'
    const { name = '', namespace } = reference as SecretReference & ObjectReference
    return namespace === undefined ? `&LocalObjectReference{Name:${name},}` : `&SecretReference{Name:${name},Namespace:${namespace},}`
  },
]

const iscsi: SourceText = {
  type: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
  lines: [
    ['TargetPortal:', text('targetPortal')], ['IQN:', text('iqn')], ['Lun:', number('lun')], ['ISCSIInterface', text('iscsiInterface')], fsType, readOnly,
    ['Portals:', words('portals')], ['DiscoveryCHAPAuth:', flag('chapAuthDiscovery')], ['SessionCHAPAuth:', flag('chapAuthSession')], secretRef,
    ['InitiatorName:', (source) => source['initiatorName'] ?? '<none>'],
  ],
}

/** How each kind of volume shows, for pods and persistent volumes. In the order that upstream looks for them. */
export const volumeSources: Readonly<Record<string, SourceText>> = {
  hostPath: { type: 'HostPath (bare host directory volume)', lines: [['Path:', text('path')], ['HostPathType:', (source) => source['type'] ?? '<none>']] },
  emptyDir: {
    type: "EmptyDir (a temporary directory that shares a pod's lifetime)",
    lines: [['Medium:', text('medium')], ['SizeLimit:', (source) => ((parseQuantity((source['sizeLimit'] as string | undefined) ?? '0')?.nano ?? 0n) > 0n ? source['sizeLimit'] : '<unset>')]],
  },
  gcePersistentDisk: { type: 'GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)', lines: [['PDName:', text('pdName')], fsType, ['Partition:', number('partition')], readOnly] },
  awsElasticBlockStore: { type: 'AWSElasticBlockStore (a Persistent Disk resource in AWS)', lines: [['VolumeID:', text('volumeID')], fsType, ['Partition:', number('partition')], readOnly] },
  gitRepo: { type: 'GitRepo (a volume that is pulled from git when the pod is created)', lines: [['Repository:', text('repository')], ['Revision:', text('revision')]] },
  secret: { type: 'Secret (a volume populated by a Secret)', lines: [['SecretName:', text('secretName')], ['Optional:', flag('optional')]] },
  configMap: { type: 'ConfigMap (a volume populated by a ConfigMap)', lines: [['Name:', text('name')], ['Optional:', flag('optional')]] },
  nfs: { type: 'NFS (an NFS mount that lasts the lifetime of a pod)', lines: [['Server:', text('server')], ['Path:', text('path')], readOnly] },
  iscsi,
  glusterfs: { type: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)", lines: [['EndpointsName:', text('endpoints')], ['Path:', text('path')], readOnly] },
  persistentVolumeClaim: { type: 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)', lines: [['ClaimName:', text('claimName')], readOnly] },
  ephemeral: { type: 'EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)', lines: [] },
  rbd: {
    type: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
    lines: [['CephMonitors:', words('monitors')], ['RBDImage:', text('image')], fsType, ['RBDPool:', text('pool')], ['RadosUser:', text('user')], ['Keyring:', text('keyring')], secretRef, readOnly],
  },
  quobyte: { type: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)", lines: [['Registry:', text('registry')], ['Volume:', text('volume')], readOnly] },
  downwardAPI: { type: 'DownwardAPI (a volume populated by information about the pod)', lines: [] },
  azureDisk: {
    type: 'AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)',
    lines: [['DiskName:', text('diskName')], ['DiskURI:', text('diskURI')], ['Kind: ', text('kind')], fsType, ['CachingMode:', text('cachingMode')], readOnly],
  },
  vsphereVolume: { type: 'vSphereVolume (a Persistent Disk resource in vSphere)', lines: [['VolumePath:', text('volumePath')], fsType, ['StoragePolicyName:', text('storagePolicyName')]] },
  cinder: { type: 'Cinder (a Persistent Disk resource in OpenStack)', lines: [['VolumeID:', text('volumeID')], fsType, readOnly, secretRef] },
  photonPersistentDisk: { type: 'PhotonPersistentDisk (a Persistent Disk resource in photon platform)', lines: [['PdID:', text('pdID')], fsType] },
  portworxVolume: { type: 'PortworxVolume (a Portworx Volume resource)', lines: [['VolumeID:', text('volumeID')]] },
  scaleIO: {
    type: 'ScaleIO (a persistent volume backed by a block device in ScaleIO)',
    lines: [['Gateway:', text('gateway')], ['System:', text('system')], ['Protection Domain:', text('protectionDomain')], ['Storage Pool:', text('storagePool')], ['Storage Mode:', text('storageMode')], ['VolumeName:', text('volumeName')], fsType, readOnly],
  },
  cephfs: {
    type: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
    lines: [['Monitors:', words('monitors')], ['Path:', text('path')], ['User:', text('user')], ['SecretFile:', text('secretFile')], secretRef, readOnly],
  },
  storageos: { type: 'StorageOS (a StorageOS Persistent Disk resource)', lines: [['VolumeName:', text('volumeName')], ['VolumeNamespace:', text('volumeNamespace')], fsType, readOnly] },
  fc: { type: 'FC (a Fibre Channel disk)', lines: [['TargetWWNs:', (source) => ((source['targetWWNs'] as string[] | undefined) ?? []).join(', ')], ['LUN:', (source) => source['lun'] ?? '<none>'], fsType, readOnly] },
  azureFile: { type: 'AzureFile (an Azure File Service mount on the host and bind mount to the pod)', lines: [['SecretName:', text('secretName')], ['ShareName:', text('shareName')], readOnly] },
  flexVolume: {
    type: 'FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)',
    lines: [['Driver:', text('driver')], fsType, secretRef, readOnly, ['Options:', map('options')]],
  },
  flocker: { type: 'Flocker (a Flocker volume mounted by the Flocker agent)', lines: [['DatasetName:', text('datasetName')], ['DatasetUUID:', text('datasetUUID')]] },
  projected: { type: 'Projected (a volume that contains injected data from multiple sources)', lines: [] },
  csi: { type: 'CSI (a Container Storage Interface (CSI) volume source)', lines: [['Driver:', text('driver')], fsType, readOnly] },
  image: { type: 'Image (a container image or OCI artifact)', lines: [['Reference:', text('reference')], ['PullPolicy:', text('pullPolicy')]] },
}

/** The volumes of a pod or, with an indent, of a template. */
export function describeVolumes(out: Description, volumes: readonly Volume[] | undefined, indent = ''): void {
  if (!volumes?.length) return out.write(0, `${indent}Volumes:\t<none>\n`)
  out.write(0, `${indent}Volumes:\n`)
  for (const volume of volumes) {
    out.write(1, `${indent === '' ? '' : ' '}${volume.name}:\n`)
    const kind = Object.keys(volumeSources).find((candidate) => (volume as unknown as Source)[candidate])
    if (kind) describeSource(out, kind, volume)
    else out.write(1, '<unknown>\n')
  }
}

function describeSource(out: Description, kind: string, volume: Volume): void {
  describeSourceLines(out, volumeSources[kind]!, (volume as unknown as Readonly<Record<string, Source>>)[kind]!)
  if (kind === 'projected') describeProjected(out, volume.projected!)
  else if (kind === 'downwardAPI') {
    out.write(0, '    Items:\n')
    for (const { fieldRef, resourceFieldRef, path } of volume.downwardAPI?.items ?? []) {
      if (fieldRef) out.write(3, `${fieldRef.fieldPath} -> ${path}\n`)
      if (resourceFieldRef) out.write(3, `${resourceFieldRef.resource} -> ${path}\n`)
    }
  } else if (kind === 'csi') describeAttributes(out, 'VolumeAttributes', volume.csi?.volumeAttributes)
  else if (kind === 'ephemeral' && volume.ephemeral?.volumeClaimTemplate) describeClaim(out, volume.ephemeral.volumeClaimTemplate, 2)
}

/** The type and the lines of one source; persistent volumes use it too. */
export function describeSourceLines(out: Description, { type, lines }: SourceText, source: Source): void {
  out.write(2, `Type:\t${type}\n`)
  for (const [label, value] of lines) out.write(2, `${label}\t${String(value(source))}\n`)
}

function describeProjected(out: Description, { sources = [] }: NonNullable<Volume['projected']>): void {
  for (const { secret, downwardAPI, configMap, serviceAccountToken } of sources ?? []) {
    if (secret) out.write(2, `SecretName:\t${secret.name ?? ''}\n    Optional:\t${secret.optional ?? false}\n`)
    else if (downwardAPI) out.write(2, 'DownwardAPI:\ttrue\n')
    else if (configMap) out.write(2, `ConfigMapName:\t${configMap.name ?? ''}\n    Optional:\t${configMap.optional ?? false}\n`)
    else if (serviceAccountToken) out.write(2, `TokenExpirationSeconds:\t${serviceAccountToken.expirationSeconds ?? 0}\n`)
  }
}

/** `VolumeAttributes:` of CSI volumes. */
export function describeAttributes(out: Description, title: string, attributes: Readonly<Record<string, string>> | undefined): void {
  out.write(2, `${title}:\t`)
  const keys = Object.keys(attributes ?? {}).sort()
  if (keys.length === 0) return out.line('<none>')
  keys.forEach((key, index) => {
    // Upstream indents each piece of the line.
    if (index > 0) out.write(2, '    \t')
    const line = `${key}=${attributes![key]}`
    out.write(2, line.length > 140 ? `${line.slice(0, 140)}...\n` : `${line}\n`)
  })
}

/** What only persistent volumes have, or have differently. */
const persistentSources: Readonly<Record<string, SourceText>> = {
  glusterfs: { type: volumeSources['glusterfs']!.type, lines: [['EndpointsName:', text('endpoints')], ['EndpointsNamespace:', (source) => source['endpointsNamespace'] ?? '<unset>'], ['Path:', text('path')], readOnly] },
  local: { type: 'LocalVolume (a persistent volume backed by local storage on a node)', lines: [['Path:', text('path')]] },
  azureFile: { type: volumeSources['azureFile']!.type, lines: [['SecretName:', text('secretName')], ['SecretNamespace:', text('secretNamespace')], ['ShareName:', text('shareName')], readOnly] },
  csi: { type: volumeSources['csi']!.type, lines: [['Driver:', text('driver')], fsType, ['VolumeHandle:', text('volumeHandle')], readOnly] },
}

/** The source of a persistent volume. */
export function describePersistentSource(out: Description, { spec }: PersistentVolume): void {
  const sources = { ...volumeSources, ...persistentSources }
  const source = (spec ?? {}) as unknown as Readonly<Record<string, Source>>
  const kind = Object.keys(sources).find((candidate) => source[candidate])
  if (!kind) return out.write(1, '<unknown>\n')
  describeSourceLines(out, sources[kind]!, source[kind]!)
  if (kind === 'csi') describeAttributes(out, 'VolumeAttributes', spec?.csi?.volumeAttributes)
}
