import type { Pod } from '../../../api/generated/types.ts'
import { badRequest } from '../../../api/machinery/status-error.ts'

/** The container that is meant: the one that is named, or the only one. Throws BadRequest with upstream's texts. */
export function targetContainer({ metadata, spec }: Pod, wanted: string): string {
  const containers = (spec?.containers ?? []).map(({ name }) => name)
  const initContainers = (spec?.initContainers ?? []).map(({ name }) => name)
  if (wanted !== '') {
    const ephemeral = (spec?.ephemeralContainers ?? []).map(({ name }) => name)
    if (![...containers, ...initContainers, ...ephemeral].includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`)
    return wanted
  }
  if (containers.length === 1) return containers[0]!
  if (containers.length === 0) throw badRequest(`a container name must be specified for pod ${metadata.name}`)
  const others = initContainers.length > 0 ? ` or one of the init containers: [${initContainers.join(' ')}]` : ''
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${containers.join(' ')}]${others}`)
}
