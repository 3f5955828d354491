import { isObject, type JsonObject } from '../../../api/machinery/json-value.ts'
import type { Resource } from './resource.ts'

export interface ImageChange {
  readonly name: string
  readonly newName?: string
  readonly newTag?: string
  readonly tagSuffix?: string
  readonly digest?: string
}

/** Gives containers, wherever they are in an object, other images. */
export function changeImages(resources: readonly Resource[], changes: readonly ImageChange[]): void {
  if (changes.length === 0) return
  for (const resource of resources) if (resource.object.kind !== 'CustomResourceDefinition') resource.object = walk(resource.object, changes) as JsonObject
}

function walk(value: unknown, changes: readonly ImageChange[]): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, changes))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if ((key !== 'containers' && key !== 'initContainers') || !Array.isArray(inner)) return [key, walk(inner, changes)]
      return [key, inner.map((container: unknown) => (isObject(container) && typeof container.image === 'string' ? { ...container, image: changes.reduce(changed, container.image) } : container))]
    }),
  )
}

function changed(image: string, { name, newName, newTag, tagSuffix, digest }: ImageChange): string {
  const at = image.indexOf('@')
  const withoutDigest = at < 0 ? image : image.slice(0, at)
  const colon = withoutDigest.lastIndexOf(':')
  const tagged = colon > withoutDigest.lastIndexOf('/')
  const base = tagged ? withoutDigest.slice(0, colon) : withoutDigest
  if (base !== name) return image
  const tag = tagged ? withoutDigest.slice(colon + 1) : ''
  const after = newName ?? base
  if (digest) return newTag ? `${after}:${newTag}@${digest}` : `${after}@${digest}`
  if (newTag) return `${after}:${newTag}`
  if (tagSuffix) return `${after}:${tag}${tagSuffix}`
  return after + image.slice(base.length)
}
