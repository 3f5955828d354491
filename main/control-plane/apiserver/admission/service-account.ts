import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../../api/generated/types.ts'
import { isNotFound, notFound, serverTimeout } from '../../../api/machinery/status-error.ts'
import { isAbout, refused } from './admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

const tokenVolumePrefix = 'kube-api-access-'
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
/** An hour, and what the kubelet needs to renew it in time (upstream's WarnOnlyBoundTokenExpirationPeriod). */
const tokenExpirationSeconds = 3_607
const mirrorAnnotation = 'kubernetes.io/config.mirror'
const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets'

export interface ServiceAccountParts {
  readonly cached: (namespace: string, name: string) => ServiceAccount | undefined
  readonly read: (namespace: string, name: string) => Promise<ServiceAccount>
  readonly suffix: (length: number) => string
  /** Waits between 100 and 200 ms of virtual time. */
  readonly pause: () => Promise<void>
}

/** How often the account that every namespace gets is looked for: its controller may be about to make it. */
const defaultAccountAttempts = 10

/** Gives every pod its service account, the account's pull secrets, and a volume with a token, the cluster's certificate and the
 *  namespace. Follows upstream's ServiceAccount plugin. */
export function serviceAccountAdmission(parts: ServiceAccountParts): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: (attributes) => isAbout(attributes, '', 'pods') && attributes.operation === 'CREATE',
    admit(attributes) {
      const pod = attributes.object as Pod
      const { spec } = pod
      if (!spec) return
      if (pod.metadata.annotations?.[mirrorAnnotation]) return checkMirror(attributes, pod)
      spec.serviceAccountName ||= 'default'
      const account = parts.cached(attributes.namespace, spec.serviceAccountName)
      if (account) return admitWith(pod, account, parts)
      return found(attributes.namespace, spec.serviceAccountName).then(
        (looked) => admitWith(pod, looked, parts),
        (error: unknown) => {
          if (!isNotFound(error)) throw serverTimeout({ group: '', resource: 'serviceaccounts' }, 'get', 0)
          throw refused(attributes, `error looking up service account ${attributes.namespace}/${spec.serviceAccountName}: ${error.message}`)
        },
      )
    },
    validate(attributes) {
      const { metadata, spec } = attributes.object as Pod
      if (metadata.annotations?.[mirrorAnnotation] || !spec) return
      if (!spec.serviceAccountName) throw refused(attributes, 'no service account specified for pod')
      const account = parts.cached(attributes.namespace, spec.serviceAccountName)
      const problem = account?.metadata.annotations?.[enforceAnnotation] === 'true' ? secretProblem(spec, account) : undefined
      if (problem !== undefined) throw refused(attributes, problem)
    },
  }

  async function found(namespace: string, name: string): Promise<ServiceAccount> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await parts.read(namespace, name)
      } catch (error) {
        if (!isNotFound(error)) throw error
        if (attempt >= (name === 'default' ? defaultAccountAttempts : 1)) throw notFound({ group: '', resource: 'serviceaccount' }, name)
      }
      await parts.pause()
      const made = parts.cached(namespace, name)
      if (made) return made
    }
  }
}

/** What a pod refers to that its account does not list, when the account insists. */
function secretProblem(spec: PodSpec, { metadata, secrets, imagePullSecrets }: ServiceAccount): string | undefined {
  const because = `is not allowed because service account ${metadata.name} does not reference that`
  const mountable = new Set(secrets?.map(({ name }) => name))
  for (const { secret } of spec.volumes ?? []) if (secret && !mountable.has(secret.secretName)) return `volume with secret.secretName="${secret.secretName ?? ''}" ${because} secret`
  const lists = [['init container', spec.initContainers], ['container', spec.containers]] as const
  for (const [what, containers] of lists) {
    for (const { name, env } of containers ?? []) {
      const bad = env?.find(({ valueFrom }) => valueFrom?.secretKeyRef && !mountable.has(valueFrom.secretKeyRef.name))
      if (bad) return `${what} ${name} with envVar ${bad.name} referencing secret.secretName="${bad.valueFrom!.secretKeyRef!.name ?? ''}" ${because} secret`
    }
  }
  const pullable = new Set(imagePullSecrets?.map(({ name }) => name))
  const index = spec.imagePullSecrets?.findIndex(({ name }) => !pullable.has(name)) ?? -1
  return index < 0 ? undefined : `imagePullSecrets[${index}].name="${spec.imagePullSecrets![index]!.name ?? ''}" ${because} imagePullSecret`
}

function checkMirror(attributes: AdmissionAttributes, { spec }: Pod): void {
  if (spec?.serviceAccountName) throw refused(attributes, 'a mirror pod may not reference service accounts')
  for (const volume of spec?.volumes ?? []) {
    if (volume.secret) throw refused(attributes, 'a mirror pod may not reference secrets')
    if (volume.configMap) throw refused(attributes, 'a mirror pod may not reference configmaps')
    if (volume.projected?.sources?.some((source) => source.serviceAccountToken)) throw refused(attributes, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}

function admitWith(pod: Pod, account: ServiceAccount, parts: ServiceAccountParts): void {
  const spec = pod.spec!
  // Written in both places, as upstream does: the old name is still read.
  ;(spec as { serviceAccount?: string }).serviceAccount = spec.serviceAccountName
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, parts)
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }))
}

/** Adds the token volume and its mounts where the container mounts nothing there itself. */
function mountToken({ spec }: Pod, parts: ServiceAccountParts): void {
  const volumes = spec!.volumes ?? []
  const existing = volumes.find((volume) => volume.name.startsWith(tokenVolumePrefix) && volume.projected)
  const taken = new Set(volumes.map((volume) => volume.name))
  let name = existing?.name ?? ''
  while (name === '' || (!existing && taken.has(name))) name = tokenVolumePrefix + parts.suffix(5)
  let needed = false
  const mount = (container: Container): void => {
    if (container.volumeMounts?.some((each) => each.mountPath === mountPath)) return
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }]
    needed = true
  }
  for (const container of spec!.initContainers ?? []) mount(container)
  for (const container of spec!.containers ?? []) mount(container)
  if (needed && !existing) spec!.volumes = [...volumes, tokenVolume(name)]
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenExpirationSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: 0o644,
    },
  }
}
