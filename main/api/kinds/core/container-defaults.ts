import type { Container, EphemeralContainer, HTTPGetAction, LifecycleHandler, Probe } from '../../generated/types.ts'
import { canonical, canonicalizeResources } from './resource-defaults.ts'

/** What an absent pull policy means: Always for `:latest` or no tag, else IfNotPresent. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent'
}

/** The tag of an image reference: `latest` when it has neither tag nor digest, '' when it has a digest only. */
export function imageTag(image: string): string {
  const at = image.indexOf('@')
  const named = at < 0 ? image : image.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  if (colon >= 0) return named.slice(colon + 1)
  return at < 0 ? 'latest' : ''
}

/** Fills in a container's defaults (upstream's SetDefaults_Container, its probes, hooks and environment). */
export function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  canonicalizeResources(container.resources.requests)
  canonicalizeResources(container.resources.limits)
  if (container.ports) {
    for (const port of container.ports) port.protocol ||= 'TCP'
  }
  if (container.env) {
    for (const { valueFrom } of container.env) {
      if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1'
      if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor = canonical(valueFrom.resourceFieldRef.divisor || '0')
      if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false
    }
  }
  defaultProbe(container.livenessProbe)
  defaultProbe(container.readinessProbe)
  defaultProbe(container.startupProbe)
  defaultHandler(container.lifecycle?.postStart)
  defaultHandler(container.lifecycle?.preStop)
  if (container.securityContext?.procMount === '') delete container.securityContext.procMount
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultHandler(handler: LifecycleHandler | undefined): void {
  if (handler) defaultHttpGet(handler.httpGet)
}

function defaultHttpGet(get: HTTPGetAction | undefined): void {
  if (!get) return
  get.path ||= '/'
  get.scheme ||= 'HTTP'
}
