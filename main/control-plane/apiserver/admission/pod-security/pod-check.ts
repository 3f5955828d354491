import type { Container, EphemeralContainer, Pod, PodSpec } from '../../../../api/generated/types.ts'
import { compareBytes } from '../../../../api/machinery/go-text.ts'
import type { Level } from './policy.ts'

/** A pod, or a template of pods. */
export interface Checked {
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: PodSpec
}

/** Why a pod is not as it should be: in short, and in detail. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

/** One of the Pod Security Standards' controls. */
export interface PodCheck {
  readonly id: string
  readonly level: Exclude<Level, 'privileged'>
  /** What is checked from which minor version of Kubernetes on, rising. */
  readonly since: readonly (readonly [minor: number, check: (pod: Checked) => Violation | undefined])[]
  /** Checks of the baseline that this one makes superfluous. */
  readonly instead?: readonly string[]
}

export type AnyContainer = Container | EphemeralContainer

/** All containers of a pod, in upstream's order. */
export function containersOf({ initContainers = [], containers = [], ephemeralContainers = [] }: PodSpec): AnyContainer[] {
  return [...initContainers, ...containers, ...ephemeralContainers]
}

export function checkedOf({ metadata, spec }: { readonly metadata?: Partial<Pod['metadata']>; readonly spec?: PodSpec }): Checked {
  return { annotations: metadata?.annotations ?? {}, spec: spec ?? { containers: [] } }
}

/** `"a", "b"` */
export function quoted(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(', ')
}

export function sorted(items: Iterable<string>): string[] {
  return [...new Set(items)].sort(compareBytes)
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many
}

/** `container "a"`, `containers "a", "b"` */
export function containersText(containers: readonly { readonly name: string }[]): string {
  return `${plural(containers.length, 'container')} ${quoted(containers.map(({ name }) => name))}`
}

/** Those who set something wrong: the pod, its containers. */
export function settersText(byPod: boolean, containers: readonly AnyContainer[]): string {
  return [...(byPod ? ['pod'] : []), ...(containers.length > 0 ? [containersText(containers)] : [])].join(' and ')
}
