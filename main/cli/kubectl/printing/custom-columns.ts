import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import { findAll, relaxedPath, valueText, type JsonPathTemplate } from './json-path.ts'
import { TabWriter } from './tab-writer.ts'

/** `-o custom-columns=NAME:.metadata.name,…`. */
export function customColumns(spec: string, noHeaders: boolean): (objects: readonly KubeObject[]) => string {
  const columns = spec.split(',').map((part) => {
    const at = part.indexOf(':')
    if (at < 0) throw new CliError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, at), path: relaxedPath(part.slice(at + 1)) }
  })
  return printerOf(columns, noHeaders)
}

/** `-o custom-columns-file`: a line of headers and one of paths below them. The headers are always printed, as upstream does. */
export function customColumnsOfFile(text: string): (objects: readonly KubeObject[]) => string {
  const [headers, paths] = text.split('\n')
  if (!headers) throw new CliError('invalid template, missing header line. Expected format is one line of space separated headers, one line of space separated column specs.')
  if (!paths) throw new CliError('invalid template, missing spec line. Expected format is one line of space separated headers, one line of space separated column specs.')
  const [names, specs] = [headers.trim().split(/\s+/), paths.trim().split(/\s+/)]
  if (names.length !== specs.length) throw new CliError(`number of headers (${names.length}) and field specifications (${specs.length}) don't match`)
  return printerOf(names.map((header, index) => ({ header, path: relaxedPath(specs[index]!) })), false)
}

interface Column {
  readonly header: string
  readonly path: JsonPathTemplate
}

function printerOf(columns: readonly Column[], noHeaders: boolean): (objects: readonly KubeObject[]) => string {
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
