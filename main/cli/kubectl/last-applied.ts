import type { KubeObject } from '../../api/machinery/object.ts'
import { goJson } from '../../api/machinery/go-text.ts'
import { compactJson } from './printing/go-json.ts'

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** The configuration that the annotation stores: the object without the annotation itself, as one line of JSON and a newline. */
export function configurationOf(object: KubeObject): string {
  const { [lastAppliedAnnotation]: _, ...annotations } = object.metadata?.annotations ?? {}
  return `${compactJson({ ...object, metadata: { ...object.metadata, annotations } })}\n`
}

/** A copy that carries its own configuration in the annotation. */
export function withLastApplied<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [lastAppliedAnnotation]: configurationOf(object) } } }
}

/** The same for an object that kubectl holds as a Go struct: the configuration has the struct's order and no empty annotations. */
export function withStructConfiguration<T extends KubeObject>(object: T, ordered: T): T {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [lastAppliedAnnotation]: `${goJson(ordered)}\n` } } }
}

/** --save-config: as above when asked for; otherwise an annotation that is there already is kept true. */
export function saveConfiguration<T extends KubeObject>(object: T, save: boolean): T {
  return save || object.metadata?.annotations?.[lastAppliedAnnotation] !== undefined ? withLastApplied(object) : object
}
