import { readSchedulerConfiguration, type SchedulerConfiguration } from './configuration.ts'

/** What the command line and the file that it names make of a scheduler. */
export interface SchedulerSettings {
  readonly configuration: SchedulerConfiguration
  readonly leaderElect: boolean
  readonly port: number
  /** `--simulator-annotations` (ours): write each decision into the pod's annotations, under the keys of kube-scheduler-simulator. */
  readonly annotates: boolean
}

const knownFlags = new Set(
  'allow-metric-labels allow-metric-labels-manifest authentication-kubeconfig authentication-skip-lookup authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure authorization-always-allow-paths authorization-kubeconfig authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl bind-address cert-dir client-ca-file config contention-profiling disable-http2-serving disabled-metrics emulated-version emulation-forward-compatible feature-gates help http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig leader-elect leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace leader-elect-retry-period log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format master min-compatibility-version permit-address-sharing permit-port-sharing pod-max-in-unschedulable-pods-duration profiling requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers requestheader-username-headers secure-port show-hidden-metrics-for-version simulator-annotations tls-cert-file tls-cipher-suites tls-curve-preferences tls-min-version tls-private-key-file tls-sni-cert-key v version vmodule write-config-to'.split(' '),
)

/** Reads flags (argv[0] not included) and the file behind `--config`. Throws in upstream's words. */
export function schedulerSettings(flags: readonly string[], readText: (path: string) => string): SchedulerSettings {
  const values = new Map<string, string>()
  for (let index = 0; index < flags.length; index++) {
    const match = /^--([^=]+)(?:=([\s\S]*))?$/.exec(flags[index]!)
    if (!match) continue
    const [, name, value] = match as unknown as [string, string, string | undefined]
    if (!knownFlags.has(name)) throw new Error(`unknown flag: --${name}`)
    if (value !== undefined) values.set(name, value)
    else if (flags[index + 1] !== undefined && !flags[index + 1]!.startsWith('-')) values.set(name, flags[++index]!)
    else values.set(name, 'true')
  }
  const path = values.get('config')
  const configuration = readSchedulerConfiguration(path === undefined ? `apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n` : readText(path))
  return {
    configuration,
    leaderElect: booleanOf(values, 'leader-elect') ?? configuration.leaderElect,
    port: portOf(values.get('secure-port')) ?? 10259,
    annotates: booleanOf(values, 'simulator-annotations') ?? false,
  }
}

function booleanOf(values: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const value = values.get(name)
  if (value === undefined) return undefined
  if (/^(1|t|true)$/i.test(value)) return true
  if (/^(0|f|false)$/i.test(value)) return false
  throw new Error(`invalid argument ${JSON.stringify(value)} for "--${name}" flag: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`)
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!/^-?\d+$/.test(text)) throw new Error(`invalid argument ${JSON.stringify(text)} for "--secure-port" flag: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (port < 0 || port > 65_535) throw new Error(`--secure-port ${text} must be between 0 and 65535, inclusive. 0 for turning off secure port`)
  return port
}
