import type { Container, Pod } from '../../../api/generated/types.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { CliError } from '../cli-error.ts'

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container'

/** `a, b, debug (ephem), setup (init)`. */
export function allContainerNames({ spec }: Pod): string {
  return [
    ...(spec?.containers ?? []).map(({ name }) => name),
    ...(spec?.ephemeralContainers ?? []).map(({ name }) => `${name} (ephem)`),
    ...(spec?.initContainers ?? []).map(({ name }) => `${name} (init)`),
  ].join(', ')
}

/** Any container of the pod: init, normal or ephemeral. */
export function findContainer({ spec }: Pod, name: string): Container | undefined {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...((spec?.ephemeralContainers ?? []) as Container[])].find((container) => container.name === name)
}

/** The container of that name. Throws kubectl's words when there is none. */
export function containerNamed(pod: Pod, name: string): Container {
  const container = findContainer(pod, name)
  if (!container) throw new CliError(`container ${name} is not valid for pod ${pod.metadata.name} out of: ${allContainerNames(pod)}`)
  return container
}

/** The container of that name, or the one that the pod's annotation names, or its first one; `notice` is told of a choice that
 *  was not the only one. */
export function containerOrDefault(pod: Pod, name: string, notice: (text: string) => void): Container {
  const first = pod.spec?.containers[0]
  if (!first) throw new CliError(`pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name} does not have any containers`)
  const wanted = name || pod.metadata.annotations?.[defaultContainerAnnotation]
  if (wanted) return containerNamed(pod, wanted)
  if (hasChoice(pod)) notice(`Defaulted container ${quote(first.name)} out of: ${allContainerNames(pod)}\n`)
  return first
}

/** The container whose log is meant: a wrong annotation is only worth a notice here. */
export function containerForLogs(pod: Pod, name: string, notice: (text: string) => void): Container {
  const annotated = pod.metadata.annotations?.[defaultContainerAnnotation]
  if (name === '' && annotated) {
    const container = findContainer(pod, annotated)
    if (container) return container
    notice(`Default container name ${quote(annotated)} not found in pod ${pod.metadata.name}\n`)
  }
  if (name !== '') return containerNamed(pod, name)
  const first = pod.spec!.containers[0]!
  if (hasChoice(pod)) notice(`Defaulted container ${quote(first.name)} out of: ${allContainerNames(pod)}\n`)
  return first
}

function hasChoice({ spec }: Pod): boolean {
  return (spec?.containers ?? []).length > 1 || (spec?.initContainers ?? []).length > 0 || (spec?.ephemeralContainers ?? []).length > 0
}
