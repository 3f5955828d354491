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

export function readBody(response: HttpResponse): string {
  if (response.body === undefined) return ''
  return response.body instanceof Uint8Array ? new TextDecoder().decode(response.body) : JSON.stringify(response.body)
}
