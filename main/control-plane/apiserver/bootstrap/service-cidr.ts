import type { ServiceCIDR } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { serviceCIDRKind } from '../../../api/kinds/networking/service-cidr.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { OwnObjects } from './own-objects.ts'

const name = 'kubernetes'

/** The ServiceCIDR object of the range that the server was started with, and that it is in use. */
export async function ensureDefaultServiceCidr(process: Process, own: OwnObjects, resources: Resources, cidr: string): Promise<void> {
  await own.ensure(serviceCIDRKind as unknown as Kind, { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs: [cidr] } } as ServiceCIDR)
  const { store } = resources.storeOf(serviceCIDRKind.group, serviceCIDRKind.plural)
  const known = store.cached('', name) as ServiceCIDR | undefined
  if (known && conditionOf(known.status?.conditions, 'Ready')?.status === 'True') return
  const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: formatTime(process.clock.now()) }
  const transform = (now: unknown): ServiceCIDR => {
    const range = cloneJson(now as ServiceCIDR)
    return conditionOf(range.status?.conditions, 'Ready')?.status === 'True' ? range : { ...range, status: { conditions: [ready] } }
  }
  await store.update(own.context(), '', name, { subresource: 'status', keepsGeneration: true, mayCreate: false, transform, strategy: {} }, { dryRun: false, fieldManager: 'kube-apiserver' })
}
