import type { Lease } from '../../../api/generated/types.ts'
import { leaseKind } from '../../../api/kinds/coordination/lease.ts'
import { sha256 } from '../../../api/machinery/sha256.ts'
import { isNotFound, statusOf } from '../../../api/machinery/status-error.ts'
import { formatMicroTime, parseTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { OwnObjects } from './own-objects.ts'

const namespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'
const component = 'kube-apiserver'
const durationSeconds = 3_600
const renewMs = 10_000
const collectMs = 3_600_000

/** What the server on a host is called: `apiserver-` and 16 bytes of the host name's SHA-256 in base32. */
export function apiserverIdentity(hostname: string): string {
  const digits = sha256(new TextEncoder().encode(hostname)).slice(0, 32)
  const bits = [...digits].map((digit) => parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
  const letters = bits.match(/.{1,5}/g)!.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(group.padEnd(5, '0'), 2)])
  return `apiserver-${letters.join('')}`
}

/** Tells everybody who reads Leases which API servers there are: one per server in kube-system, renewed every ten seconds; and takes away
 *  those of servers that have been gone for their duration. */
export function keepIdentityLease(process: Process, own: OwnObjects, resources: Resources): void {
  const hostname = process.machine.name
  const name = apiserverIdentity(hostname)
  const holderIdentity = `${name}_${process.random.uuid()}`
  const labels = { [identityLabel]: component, 'kubernetes.io/hostname': hostname }
  const renew = async (): Promise<void> => {
    const renewTime = formatMicroTime(process.clock.now())
    const spec = { holderIdentity, leaseDurationSeconds: durationSeconds, renewTime }
    try {
      await own.reconcile<Lease>(leaseKind, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace, labels }, spec }, (current) => ({
        ...current,
        metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...labels } },
        spec: { ...current.spec, ...spec },
      }))
    } catch (error) {
      if (!process.scope.closed) process.journal.error('Failed to update lease', { err: statusOf(error).message })
    }
    process.clock.afterUncaused(renewMs, () => void renew())
  }
  const collect = async (): Promise<void> => {
    const { store, cache } = resources.storeOf(leaseKind.group, leaseKind.plural)
    const expired: string[] = []
    cache.scan(namespace, (object) => {
      const { metadata, spec } = object as Lease
      const renewedAt = spec?.renewTime ? parseTime(spec.renewTime) : undefined
      const isOver = renewedAt === undefined || renewedAt + (spec?.leaseDurationSeconds ?? 0) * 1_000 < process.clock.now()
      if (metadata.labels?.[identityLabel] === component && isOver) expired.push(metadata.name!)
      return true
    })
    for (const gone of expired) {
      await store.delete(own.context(), namespace, gone, {}).catch((error: unknown) => {
        if (!isNotFound(error)) process.journal.error('Error deleting lease', { err: statusOf(error).message })
      })
    }
    process.clock.afterUncaused(collectMs, () => void collect())
  }
  process.clock.afterUncaused(0, () => void renew())
  process.clock.afterUncaused(collectMs, () => void collect())
}

