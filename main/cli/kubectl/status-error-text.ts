import { StatusError } from '../../api/machinery/status-error.ts'
import { quote } from '../../api/machinery/go-text.ts'

/** What kubectl prints for a server's error: `Error from server (NotFound): pods "x" not found`. Follows cmdutil.checkErr. */
export function statusErrorText(error: StatusError): string {
  const { status } = error
  const reason = status.reason ?? ''
  if (reason === 'Invalid') {
    const { details } = status
    if (!details) return `The request is invalid: ${status.message ?? ''}`
    const causes = [...new Set((details.causes ?? []).map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))]
    const named = details.kind || details.name
    const subject = named ? `The ${details.kind ?? ''} ${quote(details.name ?? '')} is invalid` : `The request is invalid${status.message && causes.length === 0 ? `: ${status.message}` : ''}`
    if (causes.length === 0) return subject
    return causes.length === 1 ? `${subject}: ${causes[0]}` : `${subject}: \n${causes.map((cause) => `* ${cause}`).join('\n')}`
  }
  if (reason === 'Unauthorized') return `error: You must be logged in to the server (${status.message ?? ''})`
  return `Error from server${reason === '' ? '' : ` (${reason})`}: ${status.message ?? error.message}`
}

/** The same error with where it came from: `error when creating "x.yaml": …`. */
export function withSource(error: unknown, doing: string, source: string): unknown {
  const prefix = `error when ${doing} ${quote(source)}: `
  if (error instanceof StatusError) return new StatusError({ ...error.status, message: prefix + (error.status.message ?? '') })
  return error instanceof Error ? Object.assign(Object.create(Object.getPrototypeOf(error) as object) as Error, error, { message: prefix + error.message }) : error
}

/** The same error with words before it. */
export function withWords(error: unknown, words: string): unknown {
  if (error instanceof StatusError) return new StatusError({ ...error.status, message: words + (error.status.message ?? '') })
  return error instanceof Error ? Object.assign(Object.create(Object.getPrototypeOf(error) as object) as Error, error, { message: words + error.message }) : error
}
