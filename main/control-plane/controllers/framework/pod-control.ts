import type { ApiClient, EventRecorder } from '../../../api/client/contract.ts'
import type { ObjectMeta, Pod, PodTemplateSpec } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { isDns1123Subdomain, maskTrailingDash } from '../../../api/machinery/names.ts'
import { controllerReference, type KubeObject } from '../../../api/machinery/object.ts'
import { hasCause, isNotFound } from '../../../api/machinery/status-error.ts'

/** The pod that a template makes for its owner: named by generateName, with the owner as its controller. */
export function podFromTemplate(owner: KubeObject, template: PodTemplateSpec): Pod {
  const prefix = `${owner.metadata.name}-`
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    // The server gives the name.
    metadata: {
      generateName: isDns1123Subdomain(maskTrailingDash(prefix)).length === 0 ? prefix : owner.metadata.name,
      namespace: owner.metadata.namespace ?? '',
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    } as ObjectMeta,
    spec: template.spec ?? { containers: [] },
  }
}

/** Creates and deletes pods for an owner and says so in events, as controller_utils' RealPodControl. */
export class PodControl {
  readonly #client: ApiClient
  readonly #events: EventRecorder

  constructor(client: ApiClient, events: EventRecorder) {
    this.#client = client
    this.#events = events
  }

  async create(owner: KubeObject, pod: Pod): Promise<Pod> {
    let made: Pod
    try {
      made = await this.#client.create(podKind, pod)
    } catch (error) {
      if (!hasCause(error, 'NamespaceTerminating')) this.#events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${textOf(error)}`)
      throw error
    }
    this.#events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    return made
  }

  async delete(owner: KubeObject, pod: Pod): Promise<void> {
    const { name, namespace } = pod.metadata
    try {
      await this.#client.delete(podKind, name, namespace)
    } catch (error) {
      if (!isNotFound(error)) this.#events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${textOf(error)}`)
      throw error
    }
    this.#events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
