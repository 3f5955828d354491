import { apiserverPolicy, kubeadmPolicy } from '../../../api/kinds/rbac/bootstrap.ts'
import type { Parts } from '../parts.ts'
import { reconcileKubernetesService } from './kubernetes-service.ts'
import { ensurePriorityClasses } from './priority-classes.ts'
import { reconcileRbac } from './rbac.ts'
import { ensureSystemNamespaces } from './system-namespaces.ts'

/** Writes the objects that the server itself answers for, unless they are there. */
export async function bootstrap({ own, settings, services }: Parts): Promise<void> {
  await Promise.all([ensureSystemNamespaces(own), ensurePriorityClasses(own)])
  for (const policy of settings.policies ?? [apiserverPolicy(), kubeadmPolicy()]) await reconcileRbac(own, policy)
  await reconcileKubernetesService(own, { clusterIp: services.firstAddress, advertisedAddress: settings.advertisedAddress, port: settings.port })
}
