import type { StatusError } from '../../api/machinery/status-error.ts'

/** What kubectl prints for a server's error: `Error from server (NotFound): pods "x" not found`. */
export function statusErrorText(error: StatusError, whileDoing?: string): string {
  const { status } = error
  const reason = status.reason ?? ''
  if (reason === 'Unauthorized') return 'error: You must be logged in to the server (the server has asked for the client to provide credentials)'
  if (reason === 'Invalid' && status.details?.kind !== undefined && !whileDoing) {
    const causes = status.details.causes ?? []
    const resource = status.details.group ? `${status.details.kind}.${status.details.group}` : status.details.kind
    const subject = status.details.name ? `The ${status.details.kind} "${status.details.name}" is invalid` : `The ${resource} is invalid`
    if (causes.length === 0) return `${subject}: ${status.message ?? ''}`
    const lines = causes.map((cause) => (cause.field ? `${cause.field}: ${cause.message ?? ''}` : (cause.message ?? '')))
    return lines.length === 1 ? `${subject}: ${lines[0]}` : `${subject}: \n${lines.map((line) => `* ${line}`).join('\n')}`
  }
  const message = `${whileDoing ? `${whileDoing}: ` : ''}${status.message ?? error.message}`
  return reason === '' ? `Error from server: ${message}` : `Error from server (${reason}): ${message}`
}
