/** Probes, lifecycle hooks and what they do. */
import type { Container, ExecAction, HTTPGetAction, Lifecycle, Probe } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isHttpHeaderName } from '../../machinery/names.ts'
import { nonNegative } from './number-validation.ts'
import { portOrNameErrors } from './port-validation.ts'

/** All probes and hooks of a container that may have them. */
export function lifecycleErrors(container: Container, gracePeriodSeconds: number, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (container.lifecycle) errors.push(...hookErrors(container.lifecycle, gracePeriodSeconds, at.child('lifecycle')))
  if (container.livenessProbe) errors.push(...probeErrors(container.livenessProbe, at.child('livenessProbe')), ...onceErrors(container.livenessProbe, at.child('livenessProbe')))
  if (container.readinessProbe) {
    const path = at.child('readinessProbe')
    errors.push(...probeErrors(container.readinessProbe, path))
    if (container.readinessProbe.terminationGracePeriodSeconds !== undefined) errors.push(fieldInvalid(path.child('terminationGracePeriodSeconds'), container.readinessProbe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'))
  }
  if (container.startupProbe) errors.push(...probeErrors(container.startupProbe, at.child('startupProbe')), ...onceErrors(container.startupProbe, at.child('startupProbe')))
  return errors
}

/** Liveness and startup are met by the first success. */
function onceErrors(probe: Probe, at: FieldPath): FieldError[] {
  return probe.successThreshold === 1 ? [] : [fieldInvalid(at.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1')]
}

const counts = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const

function probeErrors(probe: Probe, at: FieldPath): FieldError[] {
  const errors = handlerErrors(probe, at, 0)
  for (const field of counts) errors.push(...nonNegative(probe[field] ?? 0, at.child(field)))
  const seconds = probe.terminationGracePeriodSeconds
  if (seconds !== undefined && seconds <= 0) errors.push(fieldInvalid(at.child('terminationGracePeriodSeconds'), seconds, 'must be greater than 0'))
  return errors
}

function hookErrors(lifecycle: Lifecycle, gracePeriodSeconds: number, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (lifecycle.postStart) errors.push(...handlerErrors(lifecycle.postStart, at.child('postStart'), gracePeriodSeconds))
  if (lifecycle.preStop) errors.push(...handlerErrors(lifecycle.preStop, at.child('preStop'), gracePeriodSeconds))
  return errors
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & { readonly sleep?: { readonly seconds: number } }

/** Exactly one thing to do. */
function handlerErrors(handler: Handler, at: FieldPath, gracePeriodSeconds: number): FieldError[] {
  const errors: FieldError[] = []
  let count = 0
  const one = (name: string, check: (path: FieldPath) => FieldError[]): void => {
    if (count > 0) errors.push(fieldForbidden(at.child(name), 'may not specify more than 1 handler type'))
    else errors.push(...check(at.child(name)))
    count++
  }
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  if (exec) one('exec', (path) => execErrors(exec, path))
  if (httpGet) one('httpGet', (path) => httpErrors(httpGet, path))
  if (tcpSocket) one('tcpSocket', (path) => portOrNameErrors(tcpSocket.port ?? 0, path.child('port')))
  if (grpc) one('grpc', (path) => portOrNameErrors(grpc.port ?? 0, path.child('port')))
  if (sleep) one('sleep', (path) => (sleep.seconds < 0 || sleep.seconds > gracePeriodSeconds ? [fieldInvalid(path, sleep.seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriodSeconds})`)] : []))
  if (count === 0) errors.push(fieldRequired(at, 'must specify a handler type'))
  return errors
}

function execErrors(exec: ExecAction, at: FieldPath): FieldError[] {
  return exec.command?.length ? [] : [fieldRequired(at.child('command'))]
}

function httpErrors(get: HTTPGetAction, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!get.path) errors.push(fieldRequired(at.child('path')))
  errors.push(...portOrNameErrors(get.port ?? 0, at.child('port')))
  if (get.scheme !== 'HTTP' && get.scheme !== 'HTTPS') errors.push(fieldNotSupported(at.child('scheme'), get.scheme ?? '', ['HTTP', 'HTTPS']))
  for (const header of get.httpHeaders ?? []) for (const message of isHttpHeaderName(header.name)) errors.push(fieldInvalid(at.child('httpHeaders'), header.name, message))
  return errors
}
