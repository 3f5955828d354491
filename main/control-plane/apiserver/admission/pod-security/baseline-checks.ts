/** The baseline standard: no known way to more rights than a pod is given by default. Texts are upstream's. */
import type { LifecycleHandler, Probe, SELinuxOptions, SecurityContext } from '../../../../api/generated/types.ts'
import { quote } from '../../../../api/machinery/go-text.ts'
import { containersOf, containersText, plural, quoted, settersText, sorted } from './pod-check.ts'
import type { AnyContainer, Checked, PodCheck, Violation } from './pod-check.ts'

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/'

const defaultCapabilities = new Set(['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'])
const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t'])
const sysctls = new Set(['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'])
const sysctls27 = new Set([...sysctls, 'net.ipv4.ip_local_reserved_ports'])
const sysctls29 = new Set([...sysctls27, 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes'])
const sysctls32 = new Set([...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'])

const contextOf = (container: AnyContainer): SecurityContext => container.securityContext ?? {}

export const baselineChecks: readonly PodCheck[] = [
  { id: 'appArmorProfile', level: 'baseline', since: [[0, appArmorProfile]] },
  { id: 'capabilities_baseline', level: 'baseline', since: [[0, addedCapabilities]] },
  { id: 'hostNamespaces', level: 'baseline', since: [[0, hostNamespaces]] },
  { id: 'hostPathVolumes', level: 'baseline', since: [[0, hostPathVolumes]] },
  { id: 'hostPorts', level: 'baseline', since: [[0, hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', since: [[34, probedHosts]] },
  { id: 'privileged', level: 'baseline', since: [[0, privilegedContainers]] },
  { id: 'procMount', level: 'baseline', since: [[0, procMounts], [35, (pod) => (pod.spec.hostUsers === false ? undefined : procMounts(pod))]] },
  { id: 'seLinuxOptions', level: 'baseline', since: [[0, seLinuxOptions(seLinuxTypes)], [31, seLinuxOptions(new Set([...seLinuxTypes, 'container_engine_t']))]] },
  { id: 'seccompProfile_baseline', level: 'baseline', since: [[0, seccompAnnotations], [19, seccompProfiles]] },
  { id: 'sysctls', level: 'baseline', since: [[0, unsafeSysctls(sysctls)], [27, unsafeSysctls(sysctls27)], [29, unsafeSysctls(sysctls29)], [32, unsafeSysctls(sysctls32)]] },
  { id: 'windowsHostProcess', level: 'baseline', since: [[0, windowsHostProcess]] },
]

function appArmorProfile({ spec, annotations }: Checked): Violation | undefined {
  const isBad = (type: string | undefined): boolean => type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'
  const podType = spec.securityContext?.appArmorProfile?.type
  const bad = containersOf(spec).filter((container) => isBad(contextOf(container).appArmorProfile?.type))
  const wrong = Object.entries(annotations).filter(([key, value]) => key.startsWith(appArmorPrefix) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'))
  const setters = [settersText(isBad(podType), bad), ...(wrong.length > 0 ? [plural(wrong.length, 'annotation')] : [])].filter((text) => text !== '')
  if (setters.length === 0) return undefined
  const values = [...sorted([...(isBad(podType) ? [podType!] : []), ...bad.map((container) => contextOf(container).appArmorProfile!.type)]), ...sorted(wrong.map(([key, value]) => `${key}=${quote(value)}`))]
  return { reason: plural(values.length, 'forbidden AppArmor profile'), detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}` }
}

function addedCapabilities({ spec }: Checked): Violation | undefined {
  const addedBy = (container: AnyContainer): string[] => (contextOf(container).capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name))
  const bad = containersOf(spec).filter((container) => addedBy(container).length > 0)
  if (bad.length === 0) return undefined
  return { reason: 'non-default capabilities', detail: `${containersText(bad)} must not include ${quoted(sorted(bad.flatMap(addedBy)))} in securityContext.capabilities.add` }
}

function hostNamespaces({ spec }: Checked): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field])
  return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') }
}

function hostPathVolumes({ spec }: Checked): Violation | undefined {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath)
  return bad.length === 0 ? undefined : { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))}` }
}

function hostPorts({ spec }: Checked): Violation | undefined {
  const portsOf = ({ ports = [] }: AnyContainer): string[] => ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))
  const bad = containersOf(spec).filter((container) => portsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const ports = sorted(bad.flatMap(portsOf))
  return { reason: 'hostPort', detail: `${containersText(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}` }
}

function probedHosts({ spec }: Checked): Violation | undefined {
  const hostsOf = (handler: Probe | LifecycleHandler | undefined): string[] => [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host): host is string => Boolean(host))
  const allHostsOf = (container: AnyContainer): string[] => [container.livenessProbe, container.readinessProbe, container.startupProbe, container.lifecycle?.postStart, container.lifecycle?.preStop].flatMap(hostsOf)
  const bad = containersOf(spec).filter((container) => allHostsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const names = sorted(bad.map(({ name }) => name))
  const hosts = sorted(bad.flatMap(allHostsOf))
  return { reason: 'probe or lifecycle host', detail: `${plural(names.length, 'container')} ${quoted(names)} ${plural(names.length, 'uses', 'use')} ${plural(hosts.length, 'probe or lifecycle host')} ${quoted(hosts)}` }
}

function privilegedContainers({ spec }: Checked): Violation | undefined {
  const bad = containersOf(spec).filter((container) => contextOf(container).privileged)
  return bad.length === 0 ? undefined : { reason: 'privileged', detail: `${containersText(bad)} must not set securityContext.privileged=true` }
}

export function procMounts({ spec }: Checked): Violation | undefined {
  const bad = containersOf(spec).filter((container) => (contextOf(container).procMount ?? 'Default') !== 'Default')
  return bad.length === 0 ? undefined : { reason: 'procMount', detail: `${containersText(bad)} must not set securityContext.procMount to ${quoted(sorted(bad.map((container) => contextOf(container).procMount!)))}` }
}

function seLinuxOptions(allowed: ReadonlySet<string>): (pod: Checked) => Violation | undefined {
  const isBad = (options: SELinuxOptions | undefined): boolean => options !== undefined && (!allowed.has(options.type ?? '') || Boolean(options.user) || Boolean(options.role))
  return ({ spec }) => {
    const ofPod = spec.securityContext?.seLinuxOptions
    const bad = containersOf(spec).filter((container) => isBad(contextOf(container).seLinuxOptions))
    const set = [...(isBad(ofPod) ? [ofPod!] : []), ...bad.map((container) => contextOf(container).seLinuxOptions!)]
    if (set.length === 0) return undefined
    const types = sorted(set.flatMap(({ type = '' }) => (allowed.has(type) ? [] : [type])))
    const wrong = [
      ...(types.length > 0 ? [`${plural(types.length, 'type')} ${quoted(types)}`] : []),
      ...(set.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(set.some(({ role }) => role) ? ['role may not be set'] : []),
    ]
    return { reason: 'seLinuxOptions', detail: `${settersText(isBad(ofPod), bad)} set forbidden securityContext.seLinuxOptions: ${wrong.join('; ')}` }
  }
}

function seccompAnnotations({ spec, annotations }: Checked): Violation | undefined {
  const keys = [seccompPod, ...containersOf(spec).map(({ name }) => seccompContainerPrefix + name)]
  const isGood = (value: string): boolean => value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
  const bad = sorted(keys.flatMap((key) => (annotations[key] === undefined || isGood(annotations[key]) ? [] : [`${key}=${quote(annotations[key])}`])))
  return bad.length === 0 ? undefined : { reason: 'seccompProfile', detail: `forbidden ${plural(bad.length, 'annotation')} ${bad.join(', ')}` }
}

export const isBadSeccomp = (type: string | undefined): boolean => type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'

export function seccompProfiles({ spec }: Checked): Violation | undefined {
  const ofPod = spec.securityContext?.seccompProfile?.type
  const bad = containersOf(spec).filter((container) => isBadSeccomp(contextOf(container).seccompProfile?.type))
  if (!isBadSeccomp(ofPod) && bad.length === 0) return undefined
  const types = sorted([...(isBadSeccomp(ofPod) ? [ofPod!] : []), ...bad.map((container) => contextOf(container).seccompProfile!.type)])
  return { reason: 'seccompProfile', detail: `${settersText(isBadSeccomp(ofPod), bad)} must not set securityContext.seccompProfile.type to ${quoted(types)}` }
}

function unsafeSysctls(allowed: ReadonlySet<string>): (pod: Checked) => Violation | undefined {
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !allowed.has(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.map(({ name }) => name).join(', ') }
  }
}

function windowsHostProcess({ spec }: Checked): Violation | undefined {
  const byPod = spec.securityContext?.windowsOptions?.hostProcess === true
  const bad = containersOf(spec).filter((container) => contextOf(container).windowsOptions?.hostProcess)
  return byPod || bad.length > 0 ? { reason: 'hostProcess', detail: `${settersText(byPod, bad)} must not set securityContext.windowsOptions.hostProcess=true` } : undefined
}
