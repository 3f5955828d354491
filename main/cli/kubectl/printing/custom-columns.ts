import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import { findAll, relaxedPath, valueText } from './json-path.ts'
import { TabWriter } from './tab-writer.ts'

/** `-o custom-columns=NAME:.metadata.name,…`. */
export function customColumns(spec: string, noHeaders: boolean): (objects: readonly KubeObject[]) => string {
  const columns = spec.split(',').map((part) => {
    const at = part.indexOf(':')
    if (at < 0) throw new CliError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, at), path: relaxedPath(part.slice(at + 1)) }
  })
  return (objects) => {
    const writer = new TabWriter()
    if (!noHeaders) writer.row(columns.map((column) => column.header))
    for (const object of objects) {
      writer.row(
        columns.map(({ path }) => {
          const values = findAll(path, object, true)
          return values.length === 0 ? '<none>' : values.map((value) => (value === null ? '<nil>' : valueText(value))).join(',')
        }),
      )
    }
    return writer.flush()
  }
}
