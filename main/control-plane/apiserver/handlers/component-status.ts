/** ComponentStatuses: nothing is stored, every answer asks the scheduler, the controller manager and etcd how they are, where
 *  kubeadm lets them listen beside this server. */
import type { ComponentStatus } from '../../../api/generated/types.ts'
import { apiVersionOf } from '../../../api/kinds/kind.ts'
import { matchesFields } from '../../../api/machinery/fields.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { matchesSelector } from '../../../api/machinery/labels.ts'
import { listOf } from '../../../api/machinery/list.ts'
import { failure, StatusError } from '../../../api/machinery/status-error.ts'
import { HttpClient } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import type { Parts } from '../parts.ts'
import type { ServedResource } from '../registry/resources.ts'
import { answer } from './answer.ts'
import { listOptionsOf } from './options.ts'
import type { ApiRequest } from './request.ts'

interface Outcome {
  readonly status: 'True' | 'False' | 'Unknown'
  readonly message: string
  readonly error: string
}

type Check = () => Promise<Outcome>

const probeTimeoutMs = 20_000

/** Answers get and list of componentstatuses. */
export function componentStatuses({ process, settings }: Parts): (request: ApiRequest, resource: ServedResource) => Promise<void> {
  const checks = new Map<string, Check>([
    ['scheduler', healthzOf(process, 10_259)],
    ['controller-manager', healthzOf(process, 10_257)],
    ['etcd-0', () => etcdOutcome(settings.etcd)],
  ])
  return async (request, resource) => {
    const { info, exchange } = request
    const { kind } = resource
    const statusOf = async (name: string, check: Check): Promise<ComponentStatus> => {
      const { status, message, error } = await check()
      return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name }, conditions: [{ type: 'Healthy', status, ...(message ? { message } : {}), ...(error ? { error } : {}) }] }
    }
    if (info.verb === 'get') {
      const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: ['Table', 'PartialObjectMetadata'] })
      const check = checks.get(info.name)
      if (!check) throw new StatusError(failure(500, '', `Component not found: ${info.name}`))
      return answer(request, 200, form, kind, await statusOf(info.name, check))
    }
    const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: ['Table', 'PartialObjectMetadataList'] })
    const { labels, fields } = listOptionsOf(info, resource.view)
    const all = await Promise.all([...checks].sort(([a], [b]) => compareBytes(a, b)).map(([name, check]) => statusOf(name, check)))
    const items = all.filter((each) => matchesSelector(labels, each.metadata.labels) && matchesFields(fields, (field) => resource.view.fieldText(each, field) ?? ''))
    answer(request, 200, form, kind, listOf(apiVersionOf(kind), kind.kind, items, {}))
  }
}

const decoder = new TextDecoder()

function healthzOf(process: Process, port: number): Check {
  let client: HttpClient | undefined
  return async () => {
    client ??= new HttpClient(process, { address: '127.0.0.1', port })
    try {
      const { status, body } = await client.request({ method: 'GET', path: '/healthz', headers: { 'user-agent': 'kube-probe/1.36' } }, { timeoutMs: probeTimeoutMs })
      if (status < 200 || status >= 400) return { status: 'False', message: `HTTP probe failed with statuscode: ${status}`, error: '' }
      return { status: 'True', message: body instanceof Uint8Array ? decoder.decode(body) : String(body ?? ''), error: '' }
    } catch (error) {
      return { status: 'False', message: `Get "https://127.0.0.1:${port}/healthz": ${textOf(error)}`, error: '' }
    }
  }
}

async function etcdOutcome(etcd: Parts['settings']['etcd']): Promise<Outcome> {
  try {
    await etcd.range({ key: 'health' })
    return { status: 'True', message: 'ok', error: '' }
  } catch (error) {
    return { status: 'False', message: '', error: textOf(error) }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
