import type { Parts } from '../parts.ts'
import { reconcileKubernetesService } from './kubernetes-service.ts'
import { ensurePriorityClasses } from './priority-classes.ts'
import { ensureSystemNamespaces } from './system-namespaces.ts'

/** Writes the objects that the server itself answers for, unless they are there. */
export async function bootstrap({ own, settings, services }: Parts): Promise<void> {
  await Promise.all([ensureSystemNamespaces(own), ensurePriorityClasses(own)])
  await reconcileKubernetesService(own, { clusterIp: services.firstAddress, advertisedAddress: settings.advertisedAddress, port: settings.port })
}
