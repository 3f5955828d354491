import type { Container, ContainerPort } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isValidPortName, isValidPortNumber } from '../../machinery/names.ts'

export const protocols = ['SCTP', 'TCP', 'UDP']

/** A port by number or by name. */
export function portOrNameErrors(port: number | string, path: FieldPath): FieldError[] {
  const messages = typeof port === 'number' ? isValidPortNumber(port) : isValidPortName(port)
  return messages.map((message) => fieldInvalid(path, port, message))
}

export function containerPortErrors(ports: readonly ContainerPort[] | undefined, path: FieldPath): FieldError[] {
  if (!ports) return []
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = path.index(index)
    if (port.name) {
      const messages = isValidPortName(port.name)
      for (const message of messages) errors.push(fieldInvalid(at.child('name'), port.name, message))
      if (messages.length === 0 && names.has(port.name)) errors.push(fieldDuplicate(at.child('name'), port.name))
      names.add(port.name)
    }
    if (!port.containerPort) errors.push(fieldRequired(at.child('containerPort')))
    else for (const message of isValidPortNumber(port.containerPort)) errors.push(fieldInvalid(at.child('containerPort'), port.containerPort, message))
    if (port.hostPort) for (const message of isValidPortNumber(port.hostPort)) errors.push(fieldInvalid(at.child('hostPort'), port.hostPort, message))
    if (!port.protocol) errors.push(fieldRequired(at.child('protocol')))
    else if (!protocols.includes(port.protocol)) errors.push(fieldNotSupported(at.child('protocol'), port.protocol, protocols))
  }
  return errors
}

/** Containers of one pod share the node's ports: each may be taken once. */
export function hostPortErrors(containers: readonly Container[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let taken: Set<string> | undefined
  for (const [index, container] of containers.entries()) {
    for (const [i, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
      taken ??= new Set()
      if (taken.has(key)) errors.push(fieldDuplicate(path.index(index).child('ports').index(i).child('hostPort'), key))
      taken.add(key)
    }
  }
  return errors
}
