import type { HttpResponse } from '../../../kernel/http.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'

/** One request with a JSON answer. Throws the StatusError that the server answered. */
export async function requestJson<T>(context: CommandContext, method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: object): Promise<T> {
  const response = await context.factory.client().raw(method, path, body, headers)
  const text = readBody(response)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    if (response.status >= 400) throw new CliError(`the server answered ${response.status}: ${text.trim()}`)
    throw new CliError(`the server's answer to ${method} ${path} is no JSON`)
  }
  if (response.status >= 400) throw new StatusError(value as never)
  return value as T
}

/** One request whose answer is shown as it is. */
export async function requestText(context: CommandContext, method: string, path: string): Promise<string> {
  const response = await context.factory.transport().request({ method, path, headers: { accept: 'application/json, */*' } })
  const text = typeof response.body === 'string' ? response.body : readBody(response)
  if (response.status < 400) return text
  let status: unknown
  try {
    status = JSON.parse(text)
  } catch {
    throw new StatusError({ kind: 'Status', status: 'Failure', code: response.status, ...(response.status === 404 ? { reason: 'NotFound', message: 'the server could not find the requested resource' } : { message: text.trim() }) } as never)
  }
  throw new StatusError(status as never)
}

export function readBody(response: HttpResponse): string {
  if (response.body === undefined) return ''
  return response.body instanceof Uint8Array ? new TextDecoder().decode(response.body) : JSON.stringify(response.body)
}
