import { describe, expect, it } from 'vitest'
import type { Pod, PodSpec } from '../../../../api/generated/types.ts'
import { violationsOf, violationsText } from './evaluate.ts'
import { checkedOf } from './pod-check.ts'
import { policyOf } from './policy.ts'
import type { LevelVersion } from './policy.ts'

const c = (extra: object = {}, name = 'a'): PodSpec['containers'][number] => ({ name, image: 'x', ...extra })
const sc = (securityContext: object, name = 'a'): PodSpec['containers'][number] => c({ securityContext }, name)
const hardened = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }

function said(level: LevelVersion['level'], spec: object, version: LevelVersion['version'] = 'latest', annotations: Record<string, string> = {}): string {
  return violationsText(violationsOf(checkedOf({ metadata: { annotations }, spec: { containers: [c()], ...spec } } as unknown as Pod), { level, version }))
}

describe('the baseline', () => {
  it.each([
    ['nothing', {}, ''],
    ['host namespaces', { hostNetwork: true, hostPID: true, hostIPC: true }, 'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)'],
    ['privileged', { containers: [sc({ privileged: true }), sc({ privileged: true }, 'b')] }, 'privileged (containers "a", "b" must not set securityContext.privileged=true)'],
    ['init containers first', { initContainers: [sc({ privileged: true }, 'i')], containers: [sc({ privileged: true })] }, 'privileged (containers "i", "a" must not set securityContext.privileged=true)'],
    ['capabilities', { containers: [sc({ capabilities: { add: ['NET_RAW', 'CHOWN', 'CHECKPOINT_RESTORE'] } })] }, 'non-default capabilities (container "a" must not include "CHECKPOINT_RESTORE", "NET_RAW" in securityContext.capabilities.add)'],
    ['host paths', { volumes: [{ name: 'v', hostPath: { path: '/' } }, { name: 'w', hostPath: { path: '/' } }, { name: 'e', emptyDir: {} }] }, 'hostPath volumes (volumes "v", "w")'],
    ['host ports', { containers: [c({ ports: [{ containerPort: 1, hostPort: 80 }, { containerPort: 2, hostPort: 8080 }, { containerPort: 3 }] })] }, 'hostPort (container "a" uses hostPorts 80, 8080)'],
    ['probed hosts', { containers: [c({ livenessProbe: { httpGet: { host: '8.8.8.8', port: 1 } }, lifecycle: { preStop: { tcpSocket: { host: '127.0.0.1', port: 1 } } } })] }, 'probe or lifecycle host (container "a" uses probe or lifecycle hosts "127.0.0.1", "8.8.8.8")'],
    ['AppArmor', { securityContext: { appArmorProfile: { type: 'Unconfined' } }, containers: [sc({ appArmorProfile: { type: 'Unconfined' } })] }, 'forbidden AppArmor profile (pod and container "a" must not set AppArmor profile type to "Unconfined")'],
    ['proc mounts', { containers: [sc({ procMount: 'Unmasked' })] }, 'procMount (container "a" must not set securityContext.procMount to "Unmasked")'],
    ['proc mounts in a user namespace', { hostUsers: false, containers: [sc({ procMount: 'Unmasked' })] }, ''],
    ['SELinux', { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u', role: 'r' } } }, 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)'],
    ['seccomp', { securityContext: { seccompProfile: { type: 'Unconfined' } } }, 'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'],
    ['sysctls', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }, { name: 'net.ipv4.tcp_rmem', value: '1' }] } }, 'forbidden sysctls (kernel.msgmax)'],
    ['Windows', { securityContext: { windowsOptions: { hostProcess: true } } }, 'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)'],
    ['in order', { hostNetwork: true, containers: [sc({ privileged: true })] }, 'host namespaces (hostNetwork=true), privileged (container "a" must not set securityContext.privileged=true)'],
  ])('says of %s', (_what, spec, expected) => {
    expect(said('baseline', spec)).toBe(expected)
    expect(said('privileged', spec)).toBe('')
  })

  it.each([
    [1, { securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '1' }] } }, 'forbidden sysctls (net.ipv4.ip_local_reserved_ports)'],
    [27, { securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '1' }] } }, ''],
    [28, { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_fin_timeout', value: '1' }] } }, 'forbidden sysctls (net.ipv4.tcp_fin_timeout)'],
    [30, { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }, 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")'],
    [31, { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }, ''],
    [33, { containers: [c({ livenessProbe: { httpGet: { host: 'x', port: 1 } } })] }, ''],
    [34, { hostUsers: false, containers: [sc({ procMount: 'Unmasked' })] }, 'procMount (container "a" must not set securityContext.procMount to "Unmasked")'],
    [18, { securityContext: { seccompProfile: { type: 'Unconfined' } } }, ''],
    [999, { hostPID: true }, 'host namespaces (hostPID=true)'],
  ])('as of v1.%i', (minor, spec, expected) => {
    expect(said('baseline', spec, minor)).toBe(expected)
  })

  it('reads the annotations of old', () => {
    const annotations = { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined', 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' }
    expect(said('baseline', {}, 18, annotations)).toBe(
      'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/a="unconfined""), seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")')
  })
})

describe('the restricted standard', () => {
  it.each([
    ['a plain pod', {}, 'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'],
    ['a hardened pod', { containers: [sc(hardened)] }, ''],
    ['capabilities', { containers: [sc({ ...hardened, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } })] }, 'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)'],
    ['volumes', { containers: [sc(hardened)], volumes: [{ name: 'h', hostPath: { path: '/' } }, { name: 'n', nfs: { server: 's', path: '/' } }, { name: 'e', emptyDir: {} }] }, 'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")'],
    ['root by the pod', { securityContext: { runAsNonRoot: false, runAsUser: 0 }, containers: [sc(hardened)] }, 'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)'],
    ['root in a user namespace', { hostUsers: false, securityContext: { runAsUser: 0 }, containers: [sc({ ...hardened, runAsNonRoot: false })] }, ''],
    ['seccomp', { containers: [sc({ ...hardened, seccompProfile: { type: 'Unconfined' } })] }, 'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")'],
    ['Windows', { os: { name: 'windows' }, containers: [sc({ runAsNonRoot: true })] }, ''],
  ])('says of %s', (_what, spec, expected) => {
    expect(said('restricted', spec)).toBe(expected)
  })
})

describe('the labels of a namespace', () => {
  const label = (mode: string, value: string): Record<string, string> => ({ [`pod-security.kubernetes.io/${mode}`]: value })

  it('warn about what they enforce, unless they say otherwise', () => {
    expect(policyOf({ ...label('enforce', 'baseline'), ...label('enforce-version', 'v1.30') }).policy).toEqual({ enforce: { level: 'baseline', version: 30 }, audit: { level: 'privileged', version: 'latest' }, warn: { level: 'baseline', version: 30 } })
    expect(policyOf({ ...label('enforce', 'baseline'), ...label('warn', 'privileged') }).policy.warn.level).toBe('privileged')
  })

  it('count as strict to enforce and as nothing to warn about when they are wrong', () => {
    const { policy, errors } = policyOf({ ...label('enforce', 'strict'), ...label('warn', 'x'), ...label('audit-version', '1.2') })
    expect(policy).toEqual({ enforce: { level: 'restricted', version: 'latest' }, audit: { level: 'privileged', version: 'latest' }, warn: { level: 'privileged', version: 'latest' } })
    expect(errors.map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
      'metadata.labels[pod-security.kubernetes.io/enforce]: must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/audit-version]: must be "latest" or "v1.x"',
      'metadata.labels[pod-security.kubernetes.io/warn]: must be one of privileged, baseline, restricted',
    ])
  })
})
