import type { Pod } from '../../../api/generated/types.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import { fieldForbidden, fieldInvalid, mustNotBeNegative } from '../../../api/machinery/field-error.ts'
import { badRequest, genericServerResponse, internalError, invalid } from '../../../api/machinery/status-error.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import { integerOf } from '../handlers/options.ts'
import type { ApiRequest } from '../handlers/request.ts'
import type { Parts } from '../parts.ts'
import { bodyText, unreachable } from './kubelet-access.ts'
import { relay } from './relay.ts'
import { targetContainer } from './target-container.ts'

const flags = ['follow', 'previous', 'timestamps'] as const
const values = ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'] as const
const noBytes = new Uint8Array()

/** `pods/log`: the kubelet's text, passed on as it comes. */
export function podLog({ resources, kubelets }: Parts): (request: ApiRequest) => Promise<void> {
  const pods = resources.storeOf('', 'pods').store
  return async (request) => {
    const { info } = request
    const { query } = info
    const errors = logOptionErrors(request)
    if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, info.name, errors)
    const pod = (await pods.get(info.namespace, info.name)) as Pod
    const container = targetContainer(pod, query.get('container'))
    const head = { status: 200, headers: { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' } }
    const node = pod.spec?.nodeName
    if (!node) return request.respond({ ...head, body: noBytes })
    const parameters = [...flags.filter((name) => query.flag(name)).map((name) => `${name}=true`), ...values.filter((name) => query.get(name) !== '').map((name) => `${name}=${encodeURIComponent(query.get(name))}`)]
    const path = `/containerLogs/${info.namespace}/${info.name}/${container}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
    const client = kubelets.clientFor(node)
    const stream = await client.stream({ method: 'GET', path, headers: {} }, { kind: 'log' }).catch((error: unknown) => {
      throw unreachable('GET', kubelets.endpointOf(node), path, error)
    })
    const { response } = stream
    if (response.status >= 400) throw kubeletError(response.status, bodyText(response.body), info.name)
    if (response.body !== undefined) return request.respond({ ...head, body: response.body })
    request.open(head)
    relay(request, stream, { kind: 'log', label: `${info.name}/${container}` })
  }
}

function kubeletError(status: number, text: string, name: string): StatusError {
  if (status === 500) return internalError(text)
  if (status === 400) return badRequest(text)
  return genericServerResponse(status, '', { group: '', resource: 'pods/log' }, name, text)
}

function logOptionErrors({ info }: ApiRequest): FieldError[] {
  const { query } = info
  const errors: FieldError[] = []
  const tailLines = integerOf(query, 'tailLines')
  const limitBytes = integerOf(query, 'limitBytes')
  const sinceSeconds = integerOf(query, 'sinceSeconds')
  if (tailLines !== undefined && tailLines < 0) errors.push(fieldInvalid('tailLines', tailLines, mustNotBeNegative))
  if (limitBytes !== undefined && limitBytes < 1) errors.push(fieldInvalid('limitBytes', limitBytes, 'must be greater than 0'))
  const sinceTime = query.get('sinceTime')
  if (sinceTime !== '' && !isTime(sinceTime)) throw badRequest(timeProblem(sinceTime))
  if (sinceSeconds !== undefined && sinceTime !== '') errors.push(fieldForbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(fieldInvalid('sinceSeconds', sinceSeconds, 'must be greater than 0'))
  // Choosing a stream is an alpha feature, off by default.
  if (query.get('stream') !== '') errors.push(fieldForbidden('stream', 'may not be specified'))
  return errors
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text) && parseTime(text) !== undefined
}

/** As Go's time package puts it: the first part that does not fit its layout. */
function timeProblem(text: string): string {
  const layout = '2006-01-02T15:04:05Z07:00'
  const parts: readonly (readonly [RegExp, string])[] = [[/^\d{4}/, '2006'], [/^-/, '-'], [/^\d\d/, '01'], [/^-/, '-'], [/^\d\d/, '02'], [/^T/, 'T'], [/^\d\d/, '15'], [/^:/, ':'], [/^\d\d/, '04'], [/^:/, ':'], [/^\d\d(\.\d+)?/, '05'], [/^(Z|[+-]\d\d:\d\d)/, 'Z07:00']]
  let rest = text
  for (const [pattern, element] of parts) {
    const match = pattern.exec(rest)
    if (!match) return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`
    rest = rest.slice(match[0].length)
  }
  return rest === '' ? `parsing time ${JSON.stringify(text)}: day out of range` : `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`
}
