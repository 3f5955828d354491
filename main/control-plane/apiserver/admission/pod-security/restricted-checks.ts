/** The restricted standard: what hardened pods have to say of themselves. Texts are upstream's. */
import type { Volume } from '../../../../api/generated/types.ts'
import { procMounts, seccompProfiles } from './baseline-checks.ts'
import { containersOf, containersText, plural, quoted, settersText, sorted } from './pod-check.ts'
import type { AnyContainer, Checked, PodCheck, Violation } from './pod-check.ts'

type Check = (pod: Checked) => Violation | undefined

const exceptOnWindows = (check: Check): Check => (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod))
/** Root in a user namespace is nobody on the node. */
const exceptInUserNamespaces = (check: Check): Check => (pod) => (pod.spec.hostUsers === false ? undefined : check(pod))

export const restrictedChecks: readonly PodCheck[] = [
  { id: 'allowPrivilegeEscalation', level: 'restricted', since: [[8, privilegeEscalation], [25, exceptOnWindows(privilegeEscalation)]] },
  { id: 'capabilities_restricted', level: 'restricted', since: [[22, capabilities], [25, exceptOnWindows(capabilities)]], instead: ['capabilities_baseline'] },
  { id: 'procMount_restricted', level: 'restricted', since: [[35, procMounts]], instead: ['procMount'] },
  { id: 'restrictedVolumes', level: 'restricted', since: [[0, volumeTypes]], instead: ['hostPathVolumes'] },
  { id: 'runAsNonRoot', level: 'restricted', since: [[0, runAsNonRoot], [35, exceptInUserNamespaces(runAsNonRoot)]] },
  { id: 'runAsUser', level: 'restricted', since: [[23, runAsUser], [35, exceptInUserNamespaces(runAsUser)]] },
  { id: 'seccompProfile_restricted', level: 'restricted', since: [[19, seccompRequired], [25, exceptOnWindows(seccompRequired)]], instead: ['seccompProfile_baseline'] },
]

function privilegeEscalation({ spec }: Checked): Violation | undefined {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
  return bad.length === 0 ? undefined : { reason: 'allowPrivilegeEscalation != false', detail: `${containersText(bad)} must set securityContext.allowPrivilegeEscalation=false` }
}

function capabilities({ spec }: Checked): Violation | undefined {
  const containers = containersOf(spec)
  const keepingSome = containers.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
  const addedBy = ({ securityContext }: AnyContainer): string[] => (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  const adding = containers.filter((container) => addedBy(container).length > 0)
  const wrong = [
    ...(keepingSome.length > 0 ? [`${containersText(keepingSome)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0 ? [`${containersText(adding)} must not include ${quoted(sorted(adding.flatMap(addedBy)))} in securityContext.capabilities.add`] : []),
  ]
  return wrong.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: wrong.join('; ') }
}

const goodVolumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'] as const
/** In the order in which upstream asks; a volume has one type, or several by mistake. */
const badVolumes = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs', 'rbd', 'flexVolume', 'cinder', 'cephfs', 'flocker', 'fc', 'azureFile',
  'vsphereVolume', 'quobyte', 'azureDisk', 'photonPersistentDisk', 'portworxVolume', 'scaleIO', 'storageos',
] as const

function volumeTypes({ spec }: Checked): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !goodVolumes.some((type) => volume[type]))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map((volume: Volume) => badVolumes.find((type) => volume[type]) ?? 'unknown'))
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))} ${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type')} ${quoted(types)}`,
  }
}

function runAsNonRoot({ spec }: Checked): Violation | undefined {
  const ofPod = spec.securityContext?.runAsNonRoot
  const containers = containersOf(spec)
  const asRoot = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false)
  const reason = 'runAsNonRoot != true'
  if (ofPod === false || asRoot.length > 0) return { reason, detail: `${settersText(ofPod === false, asRoot)} must not set securityContext.runAsNonRoot=false` }
  const silent = ofPod ? [] : containers.filter(({ securityContext }) => (securityContext?.runAsNonRoot ?? undefined) === undefined)
  return silent.length === 0 ? undefined : { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` }
}

function runAsUser({ spec }: Checked): Violation | undefined {
  const byPod = spec.securityContext?.runAsUser === 0
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0)
  return byPod || bad.length > 0 ? { reason: 'runAsUser=0', detail: `${settersText(byPod, bad)} must not set runAsUser=0` } : undefined
}

function seccompRequired(pod: Checked): Violation | undefined {
  const wrong = seccompProfiles(pod)
  if (wrong) return wrong
  if (pod.spec.securityContext?.seccompProfile) return undefined
  const silent = containersOf(pod.spec).filter(({ securityContext }) => !securityContext?.seccompProfile)
  return silent.length === 0 ? undefined : { reason: 'seccompProfile', detail: `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` }
}
