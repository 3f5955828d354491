/** The fields of a PersistentVolume's spec that name its storage, in the order in which upstream looks at them. */
export const volumeSourceFields = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs', 'rbd', 'quobyte', 'cephfs', 'iscsi', 'cinder', 'fc', 'flexVolume', 'azureFile',
  'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO', 'local', 'storageos', 'csi',
] as const

export type VolumeSourceField = (typeof volumeSourceFields)[number]
