import type { Container, VolumeDevice, VolumeMount } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldNotFound, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { descendingPathErrors } from './path-validation.ts'

const propagations = ['Bidirectional', 'HostToContainer', 'None']

/** A container's mounts: of volumes that exist, each at its own place. */
export function mountErrors(container: Container, volumes: ReadonlySet<string>, path: FieldPath): FieldError[] {
  if (!container.volumeMounts) return []
  const errors: FieldError[] = []
  const places = new Set<string>()
  const devices = container.volumeDevices ?? []
  for (const [index, mount] of container.volumeMounts.entries()) {
    const at = path.index(index)
    if (!mount.name) errors.push(fieldRequired(at.child('name')))
    if (!volumes.has(mount.name)) errors.push(fieldNotFound(at.child('name'), mount.name))
    if (!mount.mountPath) errors.push(fieldRequired(at.child('mountPath')))
    if (places.has(mount.mountPath)) errors.push(fieldInvalid(at.child('mountPath'), mount.mountPath, 'must be unique'))
    places.add(mount.mountPath)
    if (devices.some((device) => device.name === mount.name)) errors.push(fieldInvalid(at.child('name'), mount.name, 'must not already exist in volumeDevices'))
    if (devices.some((device) => device.devicePath === mount.mountPath)) errors.push(fieldInvalid(at.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'))
    errors.push(...subPathErrors(mount, at, path))
    if (mount.mountPropagation !== undefined) {
      if (!propagations.includes(mount.mountPropagation)) errors.push(fieldNotSupported(at.child('mountPropagation'), mount.mountPropagation, propagations))
      else if (mount.mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) errors.push(fieldForbidden(at.child('mountPropagation'), 'Bidirectional mount propagation is available only to privileged containers'))
    }
  }
  return errors
}

function subPathErrors(mount: VolumeMount, at: FieldPath, list: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (mount.subPath) errors.push(...descendingPathErrors(mount.subPath, list.child('subPath')))
  if (mount.subPathExpr) {
    if (mount.subPath) errors.push(fieldInvalid(at.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    errors.push(...descendingPathErrors(mount.subPathExpr, list.child('subPathExpr')))
  }
  return errors
}

/** Block devices: each volume and each path once. */
export function deviceErrors(devices: readonly VolumeDevice[] | undefined, volumes: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const places = new Set<string>()
  const names = new Set<string>()
  for (const [index, device] of (devices ?? []).entries()) {
    const at = path.index(index)
    if (!device.name) errors.push(fieldRequired(at.child('name')))
    else if (names.has(device.name)) errors.push(fieldInvalid(at.child('name'), device.name, 'must be unique'))
    else if (!volumes.has(device.name)) errors.push(fieldNotFound(at.child('name'), device.name))
    if (!device.devicePath) errors.push(fieldRequired(at.child('devicePath')))
    else if (places.has(device.devicePath)) errors.push(fieldInvalid(at.child('devicePath'), device.devicePath, 'must be unique'))
    names.add(device.name)
    places.add(device.devicePath)
  }
  return errors
}
