import { parseYaml } from '../api/machinery/codec/yaml.ts'
import type { Endpoint } from '../kernel/network.ts'
import { FileError } from '../node/runtime/files/file-error.ts'
import type { FileSystem } from '../node/runtime/files/file-system.ts'
import { goDurationError } from './go-duration.ts'
import { defenceDecodeProblem, imageCollectionProblems, readDefence, shutdownProblems, type KubeletDefence } from './kubelet-defence.ts'
import { kubeletDropInPath } from './node-files.ts'

/** What a kubelet takes from the files of its machine. */
export interface KubeletSettings {
  readonly server: Endpoint
  readonly clusterDns?: readonly string[]
  readonly clusterDomain?: string
  readonly podsMax?: number
  /** How the node is defended and taken down; nothing: as kubelets do by default. */
  readonly defence?: KubeletDefence
  /** False when the configuration names no or another folder. */
  readonly standardManifests: boolean
}

/** Why a kubelet ends at once: its own last words, or systemd's when there is no such program. */
export interface KubeletRefusal {
  readonly command?: string
  readonly executable?: string
}

/** Flags that a kubelet of 1.36 knows and people set. */
const knownFlags = new Set(
  'address allowed-unsafe-sysctls anonymous-auth authentication-token-webhook authorization-mode bootstrap-kubeconfig cert-dir cgroup-driver client-ca-file cloud-provider cluster-dns cluster-domain config config-dir container-runtime-endpoint cpu-manager-policy eviction-hard eviction-max-pod-grace-period eviction-minimum-reclaim eviction-pressure-transition-period eviction-soft eviction-soft-grace-period fail-swap-on feature-gates healthz-port hostname-override image-gc-high-threshold image-gc-low-threshold image-service-endpoint kube-reserved kubeconfig max-pods node-ip node-labels node-status-update-frequency pod-cidr pod-infra-container-image pod-manifest-path port protect-kernel-defaults provider-id read-only-port register-node register-with-taints resolv-conf root-dir rotate-certificates runtime-cgroups seccomp-default serialize-image-pulls system-reserved tls-cert-file tls-private-key-file topology-manager-policy v vmodule volume-plugin-dir'.split(' '),
)

type FieldType = 'bool' | 'int32' | 'string' | '[]string' | 'object'

/** Fields of the configuration that are checked for their type, as Go names it. */
const fields: Readonly<Record<string, FieldType>> = {
  staticPodPath: 'string',
  clusterDNS: '[]string',
  clusterDomain: 'string',
  maxPods: 'int32',
  podsPerCore: 'int32',
  port: 'int32',
  readOnlyPort: 'int32',
  healthzPort: 'int32',
  healthzBindAddress: 'string',
  failSwapOn: 'bool',
  rotateCertificates: 'bool',
  serverTLSBootstrap: 'bool',
  cgroupDriver: 'string',
  resolvConf: 'string',
  imageGCHighThresholdPercent: 'int32',
  imageGCLowThresholdPercent: 'int32',
  evictionMaxPodGracePeriod: 'int32',
  mergeDefaultEvictionSettings: 'bool',
  containerRuntimeEndpoint: 'string',
}

/** Reads what the kubelet's unit, flags, configuration and kubeconfig say, in the order in which a kubelet does; answers how it
 *  fails when they do not let it start. Follows upstream's words; a reload of units by systemd is not waited for. */
export function readKubeletSettings(files: FileSystem, server: Endpoint): KubeletSettings | KubeletRefusal {
  const dropIn = textOf(files, kubeletDropInPath) ?? ''
  const command = [...dropIn.matchAll(/^ExecStart=(.+)$/gm)].at(-1)?.[1]?.trim() ?? '/usr/bin/kubelet'
  const executable = command.split(/\s+/)[0]!.replace(/^[-@:+!]+/, '')
  if (files.find(executable)?.kind !== 'file') return { executable }
  const environment = new Map<string, string>()
  for (const [, pair] of dropIn.matchAll(/^Environment="?([^"\n]*)"?$/gm)) assign(environment, pair!)
  for (const [, path] of dropIn.matchAll(/^EnvironmentFile=-?(\S+)$/gm)) for (const line of (textOf(files, path!) ?? '').split('\n')) assign(environment, line)
  const flags = command.replace(/\$\{?(\w+)\}?/g, (_, name: string) => environment.get(name) ?? '').split(/\s+/).slice(1).filter((word) => word !== '')
  const values = new Map<string, string>()
  for (let at = 0; at < flags.length; at++) {
    const word = flags[at]!
    if (!word.startsWith('-')) continue
    const name = word.replace(/^--?/, '').split('=')[0]!
    if (!word.startsWith('--') && name.length > 1) return { command: `failed to parse kubelet flag: unknown shorthand flag: '${name[0]}' in ${word}` }
    if (!knownFlags.has(name)) return { command: `failed to parse kubelet flag: unknown flag: --${name}` }
    values.set(name, word.includes('=') ? word.slice(word.indexOf('=') + 1) : !flags[at + 1]?.startsWith('-') ? (flags[++at] ?? '') : 'true')
  }
  const configPath = values.get('config')
  let config: Record<string, unknown> = {}
  if (configPath !== undefined) {
    const read = readConfiguration(files, configPath)
    if (typeof read === 'string') return { command: read }
    config = read
  }
  const flagProblem = overlayFlags(config, values)
  if (flagProblem !== undefined) return { command: `failed to parse kubelet flag: ${flagProblem}` }
  const maxPods = values.has('max-pods') ? Number(values.get('max-pods')) : (config.maxPods as number | undefined)
  const problems = [...imageCollectionProblems(config), ...(maxPods !== undefined && maxPods < 0 ? [`invalid configuration: maxPods (--max-pods) ${maxPods} must not be a negative number`] : []), ...shutdownProblems(config)]
  if (problems.length > 0) return { command: `failed to validate kubelet configuration, error: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}, path: &TypeMeta{Kind:,APIVersion:,}` }
  const x509 = (config.authentication as { x509?: { clientCAFile?: unknown } } | undefined)?.x509
  const clientCa = values.get('client-ca-file') ?? (typeof x509?.clientCAFile === 'string' ? x509.clientCAFile : '')
  if (clientCa !== '') {
    const text = textOf(files, clientCa)
    if (text === undefined) return { command: `failed to construct kubelet dependencies: unable to load client CA file ${clientCa}: open ${clientCa}: no such file or directory` }
    if (!text.includes('-----BEGIN CERTIFICATE-----')) return { command: `failed to construct kubelet dependencies: unable to load client CA file ${clientCa}: data does not contain any valid RSA or ECDSA certificates` }
  }
  const kubeconfig = values.get('kubeconfig') ?? ''
  const found = readServer(files, kubeconfig, server)
  if (typeof found === 'string') {
    const bootstrap = values.get('bootstrap-kubeconfig')
    return { command: textOf(files, kubeconfig) === undefined && bootstrap !== undefined && textOf(files, bootstrap) === undefined ? `failed to run Kubelet: unable to load bootstrap kubeconfig: stat ${bootstrap}: no such file or directory` : found }
  }
  const defence = readDefence(config)
  if (typeof defence === 'string') return { command: `failed to run Kubelet: ${defence}` }
  return {
    server: found,
    defence,
    ...(Array.isArray(config.clusterDNS) ? { clusterDns: config.clusterDNS as string[] } : {}),
    ...(typeof config.clusterDomain === 'string' ? { clusterDomain: config.clusterDomain } : {}),
    ...(maxPods === undefined || maxPods === 0 ? {} : { podsMax: maxPods }),
    standardManifests: (values.get('pod-manifest-path') ?? config.staticPodPath) === '/etc/kubernetes/manifests',
  }
}

function readConfiguration(files: FileSystem, path: string): Record<string, unknown> | string {
  const failed = (error: string): string => `failed to load kubelet config file, path: ${path}, error: failed to load Kubelet config file ${path}, error ${error}`
  const text = textOf(files, path)
  if (text === undefined) return failed(`failed to read kubelet config file ${JSON.stringify(path)}, error: open ${path}: no such file or directory`)
  if (text.trim() === '') return failed(`kubelet config file ${JSON.stringify(path)} was empty`)
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (error) {
    const message = (error as Error).message
    return failed(`failed to decode: ${message.startsWith('error converting') ? message : `error converting YAML to JSON: ${message}`}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return failed('failed to decode: couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }')
  const config = value as Record<string, unknown>
  if (typeof config.kind !== 'string' || config.kind === '') return failed(`failed to decode: Object 'Kind' is missing in '${JSON.stringify(config).slice(0, 400)}'`)
  if (config.kind !== 'KubeletConfiguration' || config.apiVersion !== 'kubelet.config.k8s.io/v1beta1') return failed(`failed to decode: no kind ${JSON.stringify(config.kind)} is registered for version ${JSON.stringify(config.apiVersion ?? '')} in scheme "k8s.io/kubernetes/pkg/kubelet/apis/config/scheme/scheme.go:33"`)
  for (const [name, type] of Object.entries(fields)) {
    const field = config[name]
    if (field === undefined || field === null || fits(field, type)) continue
    const given = Array.isArray(field) ? 'array' : typeof field === 'boolean' ? 'bool' : typeof field
    return failed(`failed to decode: json: cannot unmarshal ${given} into Go struct field KubeletConfiguration.${name} of type ${type}`)
  }
  const problem = defenceDecodeProblem(config)
  return problem === undefined ? config : failed(`failed to decode: ${problem}`)
}

/** Flags that stand for a field of the configuration, which they override, and what kind of text they take. */
const fieldFlags: Readonly<Record<string, readonly [field: string, kind: '<' | '=' | 'number' | 'duration']>> = {
  'eviction-hard': ['evictionHard', '<'],
  'eviction-soft': ['evictionSoft', '<'],
  'eviction-soft-grace-period': ['evictionSoftGracePeriod', '='],
  'eviction-minimum-reclaim': ['evictionMinimumReclaim', '='],
  'eviction-pressure-transition-period': ['evictionPressureTransitionPeriod', 'duration'],
  'eviction-max-pod-grace-period': ['evictionMaxPodGracePeriod', 'number'],
  'image-gc-high-threshold': ['imageGCHighThresholdPercent', 'number'],
  'image-gc-low-threshold': ['imageGCLowThresholdPercent', 'number'],
}

/** Puts what flags say over the configuration; answers what is wrong with one. */
function overlayFlags(config: Record<string, unknown>, values: ReadonlyMap<string, string>): string | undefined {
  for (const [flag, [field, kind]] of Object.entries(fieldFlags)) {
    const text = values.get(flag)
    if (text === undefined) continue
    const invalid = (why: string): string => `invalid argument ${JSON.stringify(text)} for "--${flag}" flag: ${why}`
    if (kind === 'number') {
      if (!/^[+-]?\d+$/.test(text)) return invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
      config[field] = Number(text)
    } else if (kind === 'duration') {
      const problem = goDurationError(text)
      if (problem !== undefined) return invalid(problem)
      config[field] = text
    } else {
      const pairs = text.replace(/^"(.*)"$/, '$1').split(',').filter((pair) => pair !== '')
      if (pairs.some((pair) => !pair.includes(kind))) return invalid(`malformed pair, expect string${kind}string`)
      config[field] = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf(kind)).trim(), pair.slice(pair.indexOf(kind) + 1).trim()]))
    }
  }
  return undefined
}

function fits(value: unknown, type: FieldType): boolean {
  if (type === 'bool') return typeof value === 'boolean'
  if (type === 'int32') return Number.isInteger(value)
  if (type === 'string') return typeof value === 'string'
  if (type === '[]string') return Array.isArray(value) && value.every((each) => typeof each === 'string')
  return typeof value === 'object'
}

/** The API server that a kubeconfig names; a text when it cannot be used. The machine's own server when the text still names it. */
function readServer(files: FileSystem, path: string, own: Endpoint): Endpoint | string {
  const text = textOf(files, path)
  if (text === undefined) return `failed to run Kubelet: unable to load bootstrap kubeconfig: stat ${path}: no such file or directory`
  let server: unknown
  try {
    server = (parseYaml(text) as { clusters?: { cluster?: { server?: unknown } }[] } | null)?.clusters?.[0]?.cluster?.server
  } catch (error) {
    return `failed to run Kubelet: invalid kubeconfig: error loading config file "${path}": ${(error as Error).message}`
  }
  const match = /^https?:\/\/([^/:]+)(?::(\d+))?\/?$/.exec(typeof server === 'string' ? server : '')
  if (!match) return `failed to run Kubelet: invalid configuration: no server found for cluster "kubernetes"`
  const port = Number(match[2] ?? 443)
  return match[1] === own.address && port === own.port ? own : { address: match[1]!, port }
}

function assign(environment: Map<string, string>, line: string): void {
  const match = /^\s*([A-Za-z_]\w*)=(.*?)\s*$/.exec(line)
  if (match) environment.set(match[1]!, match[2]!.replace(/^(["'])(.*)\1$/, '$2'))
}

function textOf(files: FileSystem, path: string): string | undefined {
  try {
    return files.readText(path)
  } catch (error) {
    if (error instanceof FileError) return undefined
    throw error
  }
}

