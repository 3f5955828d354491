/** One object of each kind that needs no controller, as a person would write it. */
export const storageAndPolicyYaml = `
apiVersion: v1
kind: LimitRange
metadata: {name: usual}
spec:
  limits:
  - {type: Container, max: {cpu: "2", memory: 1Gi}, default: {cpu: 500m}, defaultRequest: {cpu: 250m}, min: {cpu: 100m}, maxLimitRequestRatio: {cpu: "4"}}
  - {type: PersistentVolumeClaim, min: {storage: 1Gi}, max: {storage: 10Gi}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: {pods: "10", requests.cpu: "4", limits.memory: 8Gi}, scopes: [NotTerminating]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Delete
  storageClassName: fast
  csi: {driver: disk.example.com, volumeHandle: vol-1, fsType: ext4, volumeAttributes: {tier: gold}}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [a]}]}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: shape}
template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: nginx}]}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: disk.example.com
parameters: {type: ssd}
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
mountOptions: [discard]
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: worker-1}
spec: {drivers: [{name: disk.example.com, nodeID: worker-1, topologyKeys: [topology.kubernetes.io/zone], allocatable: {count: 8}}]}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: disk.example.com}
spec: {attachRequired: true}
---
apiVersion: storage.k8s.io/v1
kind: CSIStorageCapacity
metadata: {name: left}
storageClassName: fast
capacity: 10Gi
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: attached}
spec: {attacher: disk.example.com, nodeName: worker-1, source: {persistentVolumeName: disk}}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata: {name: gold}
driverName: disk.example.com
parameters: {iops: "1000"}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}
  - {type: Pods, pods: {metric: {name: requests}, target: {type: AverageValue, averageValue: 1k}}}
  - {type: External, external: {metric: {name: queue}, target: {type: Value, value: "30"}}}
  behavior: {scaleDown: {stabilizationWindowSeconds: 60}}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: gvisor}
handler: runsc
`
