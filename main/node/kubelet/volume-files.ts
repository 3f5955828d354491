import type { ConfigMap, KeyToPath, Pod, Secret, Volume } from '../../api/generated/types.ts'
import { aggregateText } from '../../api/machinery/go-text.ts'
import type { MountedFile } from '../cri.ts'
import { decodeBytes } from './environment.ts'
import { podFieldValue, resourceFieldValue, type NodeFacts } from './field-path.ts'

/** Where the contents of volumes come from. Lookups answer undefined for what does not exist. */
export interface VolumeSources {
  readonly configMap: (name: string) => Promise<ConfigMap | undefined>
  readonly secret: (name: string) => Promise<Secret | undefined>
  readonly token: (audience: string | undefined, expirationSeconds: number) => Promise<string>
  readonly facts: NodeFacts
}

const defaultMode = 0o644

/** The files of a volume whose contents the kubelet writes; undefined for other volumes. Throws Errors with the texts that
 *  upstream puts behind `MountVolume.SetUp failed for volume "x" : `. */
export async function volumeFiles(pod: Pod, volume: Volume, sources: VolumeSources): Promise<MountedFile[] | undefined> {
  if (volume.configMap) {
    const { name = '', items, optional, defaultMode: mode } = volume.configMap
    return configMapFiles(name, items, optional, mode ?? defaultMode, sources)
  }
  if (volume.secret) {
    const { secretName = '', items, optional, defaultMode: mode } = volume.secret
    return secretFiles(secretName, items, optional, mode ?? defaultMode, sources)
  }
  if (volume.downwardAPI) return downwardFiles(pod, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode ?? defaultMode, sources)
  if (!volume.projected) return undefined
  const mode = volume.projected.defaultMode ?? defaultMode
  const files: MountedFile[] = []
  const errors: string[] = []
  for (const source of volume.projected.sources ?? []) {
    try {
      if (source.configMap) files.push(...(await configMapFiles(source.configMap.name ?? '', source.configMap.items, source.configMap.optional, mode, sources)))
      else if (source.secret) files.push(...(await secretFiles(source.secret.name ?? '', source.secret.items, source.secret.optional, mode, sources)))
      else if (source.downwardAPI) files.push(...(await downwardFiles(pod, source.downwardAPI.items ?? [], mode, sources)))
      else if (source.serviceAccountToken) {
        const { path, audience, expirationSeconds } = source.serviceAccountToken
        const token = new TextEncoder().encode(await sources.token(audience, expirationSeconds ?? 3600))
        const restricted = pod.spec?.securityContext?.fsGroup === undefined && pod.spec?.securityContext?.runAsUser === undefined
        files.push({ path, mode: restricted ? mode : 0o600, content: () => token })
      } else errors.push('unsupported projected volume source')
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (errors.length > 0) throw new Error(aggregateText(errors))
  return byPath(files)
}

async function configMapFiles(name: string, items: readonly KeyToPath[] | undefined, optional: boolean | undefined, mode: number, sources: VolumeSources): Promise<MountedFile[]> {
  const map = await sources.configMap(name)
  if (!map && !optional) throw new Error(`configmap "${name}" not found`)
  const payload = new Map<string, Uint8Array>()
  for (const [key, text] of Object.entries(map?.data ?? {})) payload.set(key, new TextEncoder().encode(text))
  for (const [key, base64] of Object.entries(map?.binaryData ?? {})) payload.set(key, decodeBytes(base64))
  return keyedFiles(payload, items, optional === true, mode, 'configmap references non-existent config key: ')
}

async function secretFiles(name: string, items: readonly KeyToPath[] | undefined, optional: boolean | undefined, mode: number, sources: VolumeSources): Promise<MountedFile[]> {
  const secret = await sources.secret(name)
  if (!secret && !optional) throw new Error(`secret "${name}" not found`)
  const payload = new Map<string, Uint8Array>()
  for (const [key, base64] of Object.entries(secret?.data ?? {})) payload.set(key, decodeBytes(base64))
  return keyedFiles(payload, items, optional === true, mode, 'references non-existent secret key: ')
}

function keyedFiles(payload: ReadonlyMap<string, Uint8Array>, items: readonly KeyToPath[] | undefined, optional: boolean, mode: number, missing: string): MountedFile[] {
  if (!items || items.length === 0) return byPath([...payload].map(([path, bytes]) => ({ path, mode, content: () => bytes })))
  const files: MountedFile[] = []
  for (const item of items) {
    const bytes = payload.get(item.key)
    if (bytes) files.push({ path: item.path, mode: item.mode ?? mode, content: () => bytes })
    else if (!optional) throw new Error(`${missing}${item.key}`)
  }
  return byPath(files)
}

type DownwardItem = { path: string; mode?: number; fieldRef?: { fieldPath: string }; resourceFieldRef?: { resource: string; containerName?: string; divisor?: string } }

async function downwardFiles(pod: Pod, items: readonly DownwardItem[], mode: number, sources: VolumeSources): Promise<MountedFile[]> {
  const errors: string[] = []
  const files: MountedFile[] = []
  for (const item of items) {
    try {
      const bytes = new TextEncoder().encode(downwardValue(pod, item, sources.facts))
      files.push({ path: item.path, mode: item.mode ?? mode, content: () => bytes })
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (errors.length > 0) throw new Error(aggregateText(errors))
  return byPath(files)
}

function downwardValue(pod: Pod, item: DownwardItem, facts: NodeFacts): string {
  if (item.fieldRef) return podFieldValue(pod, item.fieldRef.fieldPath, facts)
  const reference = item.resourceFieldRef
  if (!reference) return ''
  const container = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find((each) => each.name === reference.containerName)
  if (!container) throw new Error(`container ${reference.containerName ?? ''} not found`)
  return resourceFieldValue(container, reference.resource, reference.divisor, facts)
}

function byPath(files: MountedFile[]): MountedFile[] {
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Names of the config maps and secrets that a pod refers to anywhere. */
export function referencedObjects(pod: Pod): { readonly configMaps: string[]; readonly secrets: string[] } {
  const configMaps = new Set<string>()
  const secrets = new Set<string>()
  const spec = pod.spec
  for (const secret of spec?.imagePullSecrets ?? []) if (secret.name) secrets.add(secret.name)
  for (const volume of spec?.volumes ?? []) {
    if (volume.configMap?.name) configMaps.add(volume.configMap.name)
    if (volume.secret?.secretName) secrets.add(volume.secret.secretName)
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap?.name) configMaps.add(source.configMap.name)
      if (source.secret?.name) secrets.add(source.secret.name)
    }
  }
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
    for (const from of container.envFrom ?? []) {
      if (from.configMapRef?.name) configMaps.add(from.configMapRef.name)
      if (from.secretRef?.name) secrets.add(from.secretRef.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name)
      if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name)
    }
  }
  return { configMaps: [...configMaps], secrets: [...secrets] }
}
