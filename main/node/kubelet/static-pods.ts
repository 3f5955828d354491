import type { ApiClient } from '../../api/client/contract.ts'
import type { Node, Pod } from '../../api/generated/types.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { canonicalJson, fnv32a } from '../../api/machinery/hash.ts'
import { formatTime } from '../../api/machinery/time.ts'
import { isAlreadyExists, isNotFound } from '../../api/machinery/status-error.ts'
import type { Process } from '../../kernel/machine.ts'

/** Where static pods come from: the manifests under /etc/kubernetes/manifests. */
export interface ManifestSource {
  list(): readonly { readonly path: string; readonly pod: Pod }[]
  /** Tells of any change; returns a remover. */
  onChange(listener: () => void): () => void
}

const hashAnnotation = 'kubernetes.io/config.hash'
const mirrorAnnotation = 'kubernetes.io/config.mirror'
const sourceAnnotation = 'kubernetes.io/config.source'
const seenAnnotation = 'kubernetes.io/config.seen'

export function isStaticPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[sourceAnnotation] === 'file' && pod.metadata.annotations[mirrorAnnotation] === undefined
}

export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined
}

/** The pod that a manifest means on a node: named after both, with the uid that its text gives it. */
export function staticPod(path: string, manifest: Pod, nodeName: string, now: number): Pod {
  const text = canonicalJson({ manifest, nodeName, path })
  const uid = [0, 1, 2, 3].map((salt) => fnv32a(`${salt}${text}`).toString(16).padStart(8, '0')).join('')
  const pod = structuredClone(manifest)
  pod.apiVersion = 'v1'
  pod.kind = 'Pod'
  pod.metadata = {
    ...pod.metadata,
    name: `${manifest.metadata.name}-${nodeName.toLowerCase()}`,
    namespace: manifest.metadata.namespace || 'default',
    uid,
    annotations: { ...manifest.metadata.annotations, [hashAnnotation]: uid, [seenAnnotation]: formatTime(now), [sourceAnnotation]: 'file' },
  }
  pod.spec = { ...pod.spec!, nodeName, tolerations: [...(pod.spec?.tolerations ?? []), { effect: 'NoExecute', operator: 'Exists' }] }
  podKind.strategy.defaults?.(pod)
  return pod
}

/** The API object that shows a static pod. */
export function mirrorOf(pod: Pod, node: Node | undefined): Pod {
  const { uid: _uid, ...metadata } = pod.metadata
  return {
    ...pod,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [mirrorAnnotation]: pod.metadata.annotations![hashAnnotation]! },
      ...(node?.metadata.uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.metadata.name, uid: node.metadata.uid, controller: true }] } : {}),
    },
  }
}

const retryMs = 5_000

/** Keeps one mirror pod in the API per static pod: creates it, replaces it when the manifest changed or somebody deletes it,
 *  and removes mirrors whose static pod is gone. */
export class MirrorPods {
  readonly #process: Process
  readonly #client: ApiClient
  readonly #node: () => Node | undefined
  readonly #busy = new Set<string>()

  constructor(process: Process, client: ApiClient, node: () => Node | undefined) {
    this.#process = process
    this.#client = client
    this.#node = node
  }

  /** Compares a static pod (or none) with the mirror of its name (or none) and does what is needed. */
  reconcile(name: string, statics: () => Pod | undefined, mirrors: () => Pod | undefined): void {
    if (this.#busy.has(name)) return
    this.#busy.add(name)
    void this.#run(statics, mirrors)
      .catch((error: unknown) => {
        this.#process.journal.error('Failed creating a mirror pod', { pod: name, err: error })
        this.#process.clock.after(retryMs, () => this.reconcile(name, statics, mirrors))
      })
      .finally(() => this.#busy.delete(name))
  }

  async #run(statics: () => Pod | undefined, mirrors: () => Pod | undefined): Promise<void> {
    const wanted = statics()
    const existing = mirrors()
    const current = wanted && existing && existing.metadata.annotations?.[mirrorAnnotation] === wanted.metadata.annotations?.[hashAnnotation] && existing.metadata.deletionTimestamp === undefined
    if (current) return
    if (existing) {
      try {
        await this.#client.delete(podKind, existing.metadata.name, existing.metadata.namespace, { gracePeriodSeconds: 0, preconditions: { uid: existing.metadata.uid! } })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    // A mirror belongs to its node: it comes when the node has.
    if (!wanted || !this.#node()) return
    try {
      await this.#client.create(podKind, mirrorOf(wanted, this.#node()))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }
}
