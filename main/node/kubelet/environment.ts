import type { ConfigMap, Container, Pod, Secret, Service } from '../../api/generated/types.ts'
import { isEnvVarName } from '../../api/machinery/names.ts'
import { expand } from './expansion.ts'
import { podFieldValue, resourceFieldValue, type NodeFacts } from './field-path.ts'

export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
}

/** What an environment is made of. Lookups answer undefined for what does not exist. */
export interface EnvironmentSources {
  readonly configMap: (name: string) => Promise<ConfigMap | undefined>
  readonly secret: (name: string) => Promise<Secret | undefined>
  /** Services of the pod's namespace, and `kubernetes` of default. */
  readonly services: readonly Service[]
  readonly facts: NodeFacts
  /** Told of keys that are no variable names: upstream's InvalidEnvironmentVariableNames event. */
  readonly onInvalidKeys?: (message: string) => void
}

/** The environment of a container (upstream's makeEnvironmentVariables): service links, then envFrom, then env, later ones
 *  winning; `$(VAR)` refers to what was set before. Throws Errors with upstream's texts. */
export async function containerEnvironment(pod: Pod, container: Container, sources: EnvironmentSources): Promise<EnvironmentVariable[]> {
  const result = new Map<string, string>()
  for (const from of container.envFrom ?? []) {
    const prefix = from.prefix ?? ''
    const invalid: string[] = []
    const add = (key: string, value: string): void => {
      const name = prefix + key
      if (isEnvVarName(name).length > 0) invalid.push(key)
      else result.set(name, value)
    }
    if (from.configMapRef) {
      const map = await sources.configMap(from.configMapRef.name ?? '')
      if (!map && !from.configMapRef.optional) throw new Error(`configmap "${from.configMapRef.name}" not found`)
      for (const key of Object.keys(map?.data ?? {}).sort()) add(key, map!.data![key]!)
      if (invalid.length > 0) sources.onInvalidKeys?.(`Keys [${invalid.join(', ')}] from the EnvFrom configMap ${pod.metadata.namespace}/${from.configMapRef.name} were skipped since they are considered invalid environment variable names.`)
    } else if (from.secretRef) {
      const secret = await sources.secret(from.secretRef.name ?? '')
      if (!secret && !from.secretRef.optional) throw new Error(`secret "${from.secretRef.name}" not found`)
      for (const key of Object.keys(secret?.data ?? {}).sort()) add(key, decodeText(secret!.data![key]!))
      if (invalid.length > 0) sources.onInvalidKeys?.(`Keys [${invalid.join(', ')}] from the EnvFrom secret ${pod.metadata.namespace}/${from.secretRef.name} were skipped since they are considered invalid environment variable names.`)
    }
  }

  const serviceVariables = new Map(serviceEnvironment(sources.services).map(({ name, value }) => [name, value]))
  const soFar = new Map<string, string>()
  const lookup = (name: string): string | undefined => soFar.get(name) ?? serviceVariables.get(name) ?? result.get(name)
  for (const variable of container.env ?? []) {
    let value: string | undefined
    if (variable.value !== undefined && variable.value !== '') value = expand(variable.value, lookup)
    else if (variable.valueFrom) {
      value = await valueFrom(pod, container, variable.valueFrom, sources)
      if (value === undefined) continue
    } else value = ''
    soFar.set(variable.name, value)
    result.set(variable.name, value)
  }
  // Service variables never override what the pod says.
  for (const [name, value] of serviceVariables) if (!result.has(name)) result.set(name, value)
  return [...result].map(([name, value]) => ({ name, value }))
}

type ValueFrom = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>

async function valueFrom(pod: Pod, container: Container, from: ValueFrom, sources: EnvironmentSources): Promise<string | undefined> {
  if (from.fieldRef) return podFieldValue(pod, from.fieldRef.fieldPath, sources.facts)
  if (from.resourceFieldRef) {
    const { containerName, resource, divisor } = from.resourceFieldRef
    const target = containerName ? [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find((each) => each.name === containerName) : container
    if (!target) throw new Error(`container ${containerName} not found`)
    return resourceFieldValue(target, resource, divisor, sources.facts)
  }
  if (from.configMapKeyRef) {
    const { name, key, optional } = from.configMapKeyRef
    const map = await sources.configMap(name ?? '')
    if (!map) {
      if (optional) return undefined
      throw new Error(`configmap "${name}" not found`)
    }
    const value = map.data?.[key]
    if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}`)
    return value
  }
  if (from.secretKeyRef) {
    const { name, key, optional } = from.secretKeyRef
    const secret = await sources.secret(name ?? '')
    if (!secret) {
      if (optional) return undefined
      throw new Error(`secret "${name}" not found`)
    }
    const value = secret.data?.[key]
    if (value === undefined) {
      if (optional) return undefined
      throw new Error(`couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}`)
    }
    return decodeText(value)
  }
  return ''
}

/** The docker-links style variables of services (upstream's envvars.FromServices). */
export function serviceEnvironment(services: readonly Service[]): EnvironmentVariable[] {
  const result: EnvironmentVariable[] = []
  for (const service of services) {
    const ip = service.spec?.clusterIP
    const ports = service.spec?.ports ?? []
    if (!ip || ip === 'None' || ports.length === 0) continue
    const prefix = service.metadata.name.toUpperCase().replaceAll('-', '_')
    const set = (suffix: string, value: string): void => void result.push({ name: `${prefix}_${suffix}`, value })
    set('SERVICE_HOST', ip)
    set('SERVICE_PORT', String(ports[0]!.port))
    for (const port of ports) if (port.name) set(`SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port))
    ports.forEach((port, index) => {
      const protocol = port.protocol ?? 'TCP'
      const url = `${protocol.toLowerCase()}://${ip.includes(':') ? `[${ip}]` : ip}:${port.port}`
      if (index === 0) set('PORT', url)
      const base = `PORT_${port.port}_${protocol.toUpperCase()}`
      set(base, url)
      set(`${base}_PROTO`, protocol.toLowerCase())
      set(`${base}_PORT`, String(port.port))
      set(`${base}_ADDR`, ip)
    })
  }
  return result
}

/** The command line of a container with `$(VAR)` filled in. */
export function expandedCommand(words: readonly string[] | undefined, environment: readonly EnvironmentVariable[]): string[] {
  const values = new Map(environment.map(({ name, value }) => [name, value]))
  return (words ?? []).map((word) => expand(word, (name) => values.get(name)))
}

/** base64 to text. */
function decodeText(base64: string): string {
  return new TextDecoder().decode(decodeBytes(base64))
}

/** base64 to bytes. */
export function decodeBytes(base64: string): Uint8Array {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}
