import { apiserverPolicy, kubeadmPolicy } from '../../../api/kinds/rbac/bootstrap.ts'
import type { Parts } from '../parts.ts'
import { reconcileApiServices } from './api-services.ts'
import type { EndpointReconciler } from './endpoint-reconciler.ts'
import { reconcileExtensionAuthentication } from './extension-authentication.ts'
import { ensureFlowControl } from './flow-control.ts'
import { reconcileKubernetesService } from './kubernetes-service.ts'
import { reconcileLegacyTokenTracking } from './legacy-token-tracking.ts'
import { ensurePriorityClasses } from './priority-classes.ts'
import { reconcileRbac } from './rbac.ts'
import { ensureDefaultServiceCidr } from './service-cidr.ts'
import { ensureSystemNamespaces } from './system-namespaces.ts'

/** Writes the objects that the server itself answers for, unless they are there. */
export async function bootstrap({ process, resources, own, settings, services }: Parts, endpoints: EndpointReconciler): Promise<void> {
  await Promise.all([ensureSystemNamespaces(own), ensurePriorityClasses(own), endpoints.renew(), ensureDefaultServiceCidr(process, own, resources, settings.serviceCidr), ensureFlowControl(own), reconcileApiServices(own, resources)])
  for (const policy of settings.policies ?? [apiserverPolicy(), kubeadmPolicy()]) await reconcileRbac(own, policy)
  await Promise.all([reconcileExtensionAuthentication(own, settings.clientAuthority), reconcileLegacyTokenTracking(process, own), reconcileKubernetesService(process, own, services.firstAddress, settings.port), endpoints.reconcile()])
}
