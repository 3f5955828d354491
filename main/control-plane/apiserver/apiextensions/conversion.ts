/** How objects of a definition change between its versions. */
import type { CustomResourceDefinition } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { internalError } from '../../../api/machinery/status-error.ts'

export interface Conversion {
  readonly storedApiVersion: string
  /** The object in the wanted version; what another process converts has to be prepared before. */
  fromStored(object: KubeObject, apiVersion: string): KubeObject
  toStored(object: KubeObject): KubeObject
  prepareFromStored?(objects: readonly KubeObject[], apiVersion: string): Promise<void> | undefined
  prepareToStored?(object: KubeObject): Promise<void> | undefined
}

/** ConversionReview of apiextensions.k8s.io/v1 (v1beta1 has the same fields). */
export interface ConversionReview {
  readonly kind: 'ConversionReview'
  readonly apiVersion: string
  readonly request?: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly KubeObject[] }
  readonly response?: { readonly uid?: string; readonly convertedObjects?: readonly KubeObject[]; readonly result?: { readonly status?: string; readonly message?: string } }
}

/** Makes the outbound call to a definition's webhook (`spec.conversion.webhook.clientConfig`) and answers what came back. */
export type ConversionCaller = (crd: CustomResourceDefinition, review: ConversionReview) => Promise<ConversionReview>

/** What conversions need of the server. */
export interface ConversionParts {
  readonly caller: () => ConversionCaller | undefined
  readonly uuid: () => string
}

/** The conversion that a definition asks for. */
export function conversionOf(crd: CustomResourceDefinition, parts: ConversionParts): Conversion {
  const storage = crd.spec.versions.find((version) => version.storage)!
  const storedApiVersion = `${crd.spec.group}/${storage.name}`
  if (crd.spec.conversion?.strategy === 'Webhook') return new WebhookConversion(crd, storedApiVersion, parts)
  return { storedApiVersion, fromStored: withApiVersion, toStored: (object) => withApiVersion(object, storedApiVersion) }
}

/** Conversion None: nothing changes but the version, in the object and nowhere else. */
function withApiVersion(object: KubeObject, apiVersion: string): KubeObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion }
}

/** Conversion by a webhook. Answers are kept as long as what was converted. */
class WebhookConversion implements Conversion {
  readonly storedApiVersion: string
  readonly #crd: CustomResourceDefinition
  readonly #parts: ConversionParts
  readonly #converted = new Map<string, WeakMap<KubeObject, KubeObject>>()

  constructor(crd: CustomResourceDefinition, storedApiVersion: string, parts: ConversionParts) {
    this.#crd = crd
    this.storedApiVersion = storedApiVersion
    this.#parts = parts
  }

  fromStored(object: KubeObject, apiVersion: string): KubeObject {
    if (object.apiVersion === apiVersion) return object
    const known = this.#known(apiVersion).get(object)
    if (!known) throw internalError(`${object.kind} ${object.metadata.name} was not converted to ${apiVersion}`)
    return known
  }

  toStored(object: KubeObject): KubeObject {
    return this.fromStored(object, this.storedApiVersion)
  }

  prepareFromStored(objects: readonly KubeObject[], apiVersion: string): Promise<void> | undefined {
    const known = this.#known(apiVersion)
    const wanted = objects.filter((object) => object.apiVersion !== apiVersion && !known.has(object))
    return wanted.length === 0 ? undefined : this.#convert(wanted, apiVersion, known)
  }

  prepareToStored(object: KubeObject): Promise<void> | undefined {
    return this.prepareFromStored([object], this.storedApiVersion)
  }

  #known(apiVersion: string): WeakMap<KubeObject, KubeObject> {
    let known = this.#converted.get(apiVersion)
    if (!known) this.#converted.set(apiVersion, (known = new WeakMap()))
    return known
  }

  async #convert(objects: readonly KubeObject[], desired: string, known: WeakMap<KubeObject, KubeObject>): Promise<void> {
    const first = objects[0]!
    const problem = (text: string): Error => internalError(`conversion webhook for ${first.apiVersion}, Kind=${first.kind} failed: ${text}`)
    const call = this.#parts.caller()
    const uid = this.#parts.uuid()
    const reviewVersions = this.#crd.spec.conversion?.webhook?.conversionReviewVersions ?? []
    const reviewVersion = reviewVersions.find((version) => version === 'v1' || version === 'v1beta1') ?? 'v1'
    if (!call) throw problem('this server makes no outbound calls')
    let answer: ConversionReview
    try {
      answer = await call(this.#crd, { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${reviewVersion}`, request: { uid, desiredAPIVersion: desired, objects } })
    } catch (error) {
      throw problem(error instanceof Error ? error.message : String(error))
    }
    const converted = convertedOf(answer, uid, reviewVersion, objects, desired, problem)
    for (const [index, object] of objects.entries()) known.set(object, converted[index]!)
  }
}

/** Checks a webhook's answer as upstream does: the same request, as many objects, in the wanted version, their identity untouched. */
function convertedOf(review: ConversionReview, uid: string, reviewVersion: string, objects: readonly KubeObject[], desired: string, problem: (text: string) => Error): KubeObject[] {
  const { response } = review
  if (!response) throw problem('response not set')
  if (reviewVersion === 'v1') {
    const found = `${review.apiVersion}, Kind=${review.kind}`
    if (found !== 'apiextensions.k8s.io/v1, Kind=ConversionReview') throw problem(`expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got ${found}`)
    if (response.uid !== uid) throw problem(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  }
  if (response.result?.status !== 'Success') throw problem(response.result?.message || 'Conversion request failed: no reason given')
  const converted = response.convertedObjects ?? []
  if (converted.length !== objects.length) throw problem(`expected ${objects.length} converted objects, got ${converted.length}`)
  return converted.map((object, index) => {
    const original = objects[index]!
    if (object.apiVersion !== desired) throw problem(`invalid converted object at index ${index}: invalid groupVersion (expected ${desired}, received ${String(object.apiVersion)})`)
    if (object.kind !== original.kind) throw problem(`invalid converted object at index ${index}: invalid kind (expected ${original.kind}, received ${String(object.kind)})`)
    return withOriginalMetadata(object, original, index, problem)
  })
}

/** Webhooks may change labels and annotations; anything else of the metadata stays, and names and uids have to agree. */
function withOriginalMetadata(object: KubeObject, original: KubeObject, index: number, problem: (text: string) => Error): KubeObject {
  const { metadata } = object
  if (typeof metadata !== 'object' || metadata === null) throw problem(`invalid converted object at index ${index}: invalid metadata of type ${metadata === null ? '<nil>' : typeof metadata}`)
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if ((metadata[field] ?? '') !== (original.metadata[field] ?? '')) throw problem(`invalid converted object at index ${index}: must have the same ${field === 'uid' ? 'UID' : field}: ${metadata[field] ?? ''} != ${original.metadata[field] ?? ''}`)
  }
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata
  return { ...object, metadata: { ...kept, ...(metadata.labels ? { labels: metadata.labels } : {}), ...(metadata.annotations ? { annotations: metadata.annotations } : {}) } }
}
