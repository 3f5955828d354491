/** Texts for the Warning headers of pods and pod templates. */
import type { Pod, PodSpec, PodTemplateSpec } from '../../generated/types.ts'
import { quote } from '../../machinery/go-text.ts'
import { quantityValue, parseQuantity, floatOf } from '../../machinery/quantity.ts'

export function podWarnings(pod: Pod, old: Pod | undefined): string[] {
  return old ? [] : specWarnings(pod.spec, 'spec')
}

/** Warnings for a workload's template, at `path`. */
export function templateWarnings(template: PodTemplateSpec | undefined, path: string): string[] {
  return specWarnings(template?.spec, `${path}.spec`)
}

function specWarnings(spec: PodSpec | undefined, path: string): string[] {
  if (!spec) return []
  const warnings: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const replacement = deprecatedLabels[key]
    if (replacement) warnings.push(`${path}.nodeSelector[${key}]: deprecated since ${replacement}`)
  }
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    if (volume.gitRepo) warnings.push(`${path}.volumes[${index}].gitRepo: deprecated in v1.11, and disabled by default in v1.33+`)
    if (volume.glusterfs) warnings.push(`${path}.volumes[${index}].glusterfs: deprecated in v1.25, non-functional in v1.26+`)
  }
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    if (spec.hostAliases?.some((other, i) => i < index && other.ip === alias.ip)) warnings.push(`${path}.hostAliases[${index}].ip: duplicate ip ${quote(alias.ip)}`)
  }
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (!secret.name) warnings.push(`${path}.imagePullSecrets[${index}]: invalid empty name ""`)
    else if (spec.imagePullSecrets?.some((other, i) => i < index && other.name === secret.name)) warnings.push(`${path}.imagePullSecrets[${index}].name: duplicate name ${quote(secret.name)}`)
  }
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec[field] ?? []).entries()) {
      const at = `${path}.${field}[${index}]`
      for (const list of ['limits', 'requests'] as const) {
        const ephemeral = container.resources?.[list]?.['ephemeral-storage']
        if (ephemeral !== undefined && isFractional(ephemeral)) warnings.push(`${at}.resources.${list}[ephemeral-storage]: fractional byte value ${quote(ephemeral)} is invalid, must be an integer`)
        const memory = container.resources?.[list]?.['memory']
        if (memory !== undefined && isFractional(memory)) warnings.push(`${at}.resources.${list}[memory]: fractional byte value ${quote(memory)} is invalid, must be an integer`)
      }
      const seen = new Set<string>()
      for (const [i, variable] of (container.env ?? []).entries()) {
        if (seen.has(variable.name)) warnings.push(`${at}.env[${i}]: hides previous definition of ${quote(variable.name)}, which may be dropped when using apply`)
        seen.add(variable.name)
      }
      const ports = new Map<string, number>()
      for (const [i, port] of (container.ports ?? []).entries()) {
        const key = `${port.containerPort}/${port.protocol}/${port.hostIP ?? ''}/${port.hostPort ?? 0}`
        const first = ports.get(key)
        if (first !== undefined) warnings.push(`${at}.ports[${i}]: duplicate port definition with ${path}.${field}[${index}].ports[${first}]`)
        else ports.set(key, i)
      }
    }
  }
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) warnings.push(`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  return warnings
}

function isFractional(amount: string): boolean {
  const parsed = parseQuantity(amount)
  return parsed !== undefined && floatOf(parsed) !== quantityValue(amount)
}

const deprecatedLabels: { readonly [label: string]: string } = {
  'beta.kubernetes.io/arch': 'v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'v1.17; use "node.kubernetes.io/instance-type" instead',
}
