import type { CSINode, CSINodeDriver } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldDuplicate, fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isDns1123Subdomain, isQualifiedName } from '../../machinery/names.ts'
import { ageColumn, integerColumn, nameColumn } from '../columns.ts'
import { nonNegative } from '../core/number-validation.ts'
import { csiDriverNameErrors } from '../core/persistent-volume-sources.ts'
import { defineKind } from '../kind.ts'

const nodeIdBytesMax = 256

export const csiNodeKind = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSINode',
  storagePrefix: 'csinodes',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    validate: validateCsiNode,
    validateUpdate: validateCsiNodeUpdate,
  },
  columns: [
    nameColumn(),
    integerColumn('Drivers', 'Drivers indicates the number of CSI drivers registered on the node', (node) => node.spec.drivers?.length ?? 0),
    ageColumn(),
  ],
  health(node) {
    const drivers = node.spec.drivers ?? []
    return { mark: 'running', sentence: drivers.length > 0 ? `${drivers.map(({ name }) => name).join(', ')} can mount volumes there` : 'no CSI driver is on the node' }
  },
  relations: (node) => [
    { role: 'node', group: '', kind: 'Node', name: node.metadata.name },
    ...(node.spec.drivers ?? []).map(({ name }) => ({ role: 'driver', group: 'storage.k8s.io', kind: 'CSIDriver', name })),
  ],
})

function validateCsiNode({ spec }: CSINode): FieldError[] {
  const names = new Set<string>()
  return (spec.drivers ?? []).flatMap((driver, index) => {
    const at = fieldPath('spec', 'drivers').index(index)
    const errors = driverErrors(driver, at)
    if (names.has(driver.name)) errors.push(fieldDuplicate(at.child('name'), driver.name))
    names.add(driver.name)
    return [...errors, ...topologyKeyErrors(driver.topologyKeys, at)]
  })
}

function driverErrors({ name = '', nodeID = '', allocatable }: CSINodeDriver, at: FieldPath): FieldError[] {
  const errors = csiDriverNameErrors(name, at.child('name'))
  if (nodeID === '') errors.push(fieldRequired(at.child('nodeID')))
  if (byteLength(nodeID) > nodeIdBytesMax) errors.push(fieldInvalid(at.child('nodeID'), nodeID, `must be ${nodeIdBytesMax} characters or less`))
  return [...errors, ...nonNegative(allocatable?.count ?? 0, at.child('allocatable', 'count'))]
}

function topologyKeyErrors(keys: readonly string[] | undefined, at: FieldPath): FieldError[] {
  return (keys ?? []).flatMap((key, index) => [
    ...(key === '' ? [fieldRequired(at)] : []),
    ...((keys ?? []).indexOf(key) < index ? [fieldDuplicate(at, key)] : []),
    ...isQualifiedName(key).map((message) => fieldInvalid(at, key, message)),
  ])
}

/** The driver as upstream shows it: by its internal type, without what may change. */
function shownDriver({ name, nodeID, topologyKeys = [] }: CSINodeDriver): object {
  return { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys.length > 0 ? topologyKeys : null, Allocatable: null }
}

/** Drivers come and go; one that stays changes only in how many volumes it takes. */
function validateCsiNodeUpdate(node: CSINode, old: CSINode): FieldError[] {
  const errors = validateCsiNode(node)
  for (const was of old.spec.drivers ?? []) {
    for (const is of node.spec.drivers ?? []) {
      if (was.name === is.name && !semanticEqual({ ...was, allocatable: undefined }, { ...is, allocatable: undefined })) errors.push(fieldInvalid(fieldPath('spec', 'drivers'), shownDriver(is), fieldIsImmutable))
    }
  }
  return errors
}
