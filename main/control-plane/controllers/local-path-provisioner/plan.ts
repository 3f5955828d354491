import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { quantityValue } from '../../../api/machinery/quantity.ts'

export const provisionerName = 'rancher.io/local-path'
/** Where volumes lie on every node. */
export const volumesPath = '/var/local-path-provisioner'
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by'
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
const storageProvisionerAnnotations = ['volume.kubernetes.io/storage-provisioner', 'volume.beta.kubernetes.io/storage-provisioner']
const helperSeconds = 120

export function volumeNameOf(claim: PersistentVolumeClaim): string {
  return `pvc-${claim.metadata.uid}`
}

/** Whether the claim is for us, now: the binder has named us, and the scheduler a node where that is waited for. */
export function isToBeProvided(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): boolean {
  if (claim.spec?.volumeName || claim.metadata.deletionTimestamp || storageClass?.provisioner !== provisionerName) return false
  const { annotations = {} } = claim.metadata
  if (!storageProvisionerAnnotations.some((key) => annotations[key] === provisionerName)) return false
  return storageClass.volumeBindingMode !== 'WaitForFirstConsumer' || Boolean(annotations[selectedNodeAnnotation])
}

/** Whether the volume is ours to delete: its claim is gone. */
export function isToBeDeleted({ metadata, spec, status }: PersistentVolume): boolean {
  return status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete' && !metadata.deletionTimestamp && metadata.annotations?.[provisionedByAnnotation] === provisionerName
}

/** Throws what the claim asks for that directories of a node cannot give. */
export function checkClaim({ spec, metadata }: PersistentVolumeClaim): void {
  if (spec?.selector) throw new Error('claim.Spec.Selector is not supported')
  if (spec?.accessModes?.some((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod')) throw new Error('NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes')
  if (!metadata.annotations?.[selectedNodeAnnotation]) throw new Error('configuration error, no node was specified')
}

export function volumeFor(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const volumeName = volumeNameOf(claim)
  const hostname = node.metadata.labels?.['kubernetes.io/hostname'] ?? node.metadata.name
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { 'local.path.provisioner/selected-node': node.metadata.name, [provisionedByAnnotation]: provisionerName } },
    spec: {
      accessModes: claim.spec?.accessModes ?? [],
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '0' },
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: namespace!, name, uid: uid!, ...(resourceVersion ? { resourceVersion } : {}) },
      hostPath: { path: `${volumesPath}/${volumeName}_${namespace}_${name}`, type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] }] } },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      ...(storageClass.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
      volumeMode: 'Filesystem',
    },
  }
}

export type HelperAction = 'create' | 'delete'

export function helperName(action: HelperAction, volumeName: string): string {
  return `helper-pod-${action}-${volumeName}`
}

/** The pod that makes or removes a volume's directory on its node. */
export function helperPod(action: HelperAction, volume: PersistentVolume, nodeName: string, namespace: string, image: string): Pod {
  const path = volume.spec!.hostPath!.path
  const size = String(quantityValue(volume.spec!.capacity?.['storage'] ?? '0'))
  const script = action === 'create' ? 'setup' : 'teardown'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: helperName(action, volume.metadata.name), namespace },
    spec: {
      activeDeadlineSeconds: helperSeconds,
      restartPolicy: 'Never',
      nodeName,
      serviceAccountName: 'local-path-provisioner-service-account',
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'helper-pod',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/sh', `/script/${script}`],
          args: ['-p', path, '-s', size, '-m', volume.spec!.volumeMode ?? 'Filesystem'],
          env: [{ name: 'VOL_DIR', value: path }, { name: 'VOL_MODE', value: volume.spec!.volumeMode ?? 'Filesystem' }, { name: 'VOL_SIZE_BYTES', value: size }],
          securityContext: { privileged: true },
          volumeMounts: [{ name: 'script', mountPath: '/script' }, { name: 'data', mountPath: volumesPath }],
        },
      ],
      volumes: [
        { name: 'data', hostPath: { path: volumesPath, type: 'DirectoryOrCreate' } },
        { name: 'script', configMap: { name: 'local-path-config', items: [{ key: 'setup', path: 'setup' }, { key: 'teardown', path: 'teardown' }] } },
      ],
    },
  }
}
