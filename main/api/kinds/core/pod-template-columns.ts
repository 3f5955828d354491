/** What the wide columns of workloads say of their pod template. */
import type { PodTemplateSpec } from '../../generated/types.ts'
import type { KubeObject } from '../../machinery/object.ts'
import { wideColumn } from '../columns.ts'
import type { Column } from '../kind.ts'

export function containerNames(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map((container) => container.name).join(',')
}

export function containerImages(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map((container) => container.image ?? '').join(',')
}

/** Containers and Images, as all workloads show them with `-o wide`. */
export function templateColumns<T extends KubeObject>(templateOf: (object: T) => PodTemplateSpec | undefined): Column<T>[] {
  return [
    wideColumn('Containers', 'Names of each container in the template.', (object) => containerNames(templateOf(object))),
    wideColumn('Images', 'Images referenced by each container in the template.', (object) => containerImages(templateOf(object))),
  ]
}
