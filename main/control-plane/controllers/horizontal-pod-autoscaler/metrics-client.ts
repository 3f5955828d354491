import type { ApiClient } from '../../../api/client/contract.ts'
import type { LabelSelector, Status } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { formatLabelSelector } from '../../../api/machinery/labels.ts'
import { mustParseQuantity, milliValueOf } from '../../../api/machinery/quantity.ts'
import { genericServerResponse, StatusError } from '../../../api/machinery/status-error.ts'
import { parseDuration, timeOr0 } from '../../../api/machinery/time.ts'
import { textOf } from '../framework/pod-control.ts'

/** What one pod was measured at; `value` in thousandths. */
export interface PodMetric {
  readonly value: number
  /** The end of the window that was measured over, virtual ms, and its length. */
  readonly timestamp: number
  readonly windowMs: number
}

/** By the pod's name. */
export type PodMetrics = ReadonlyMap<string, PodMetric>

const defaultWindowMs = 60_000

interface MetricsItem {
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly timestamp: string
  readonly window?: string
  readonly containers: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[]
}

interface CustomItem {
  readonly describedObject: { readonly name: string }
  readonly timestamp: string
  readonly windowSeconds?: number
  readonly value: string
}

/** Reads the three metrics APIs, as client-go's REST metrics client. Values are in thousandths. Throws with upstream's texts. */
export class MetricsClient {
  readonly #client: ApiClient

  constructor(client: ApiClient) {
    this.#client = client
  }

  /** What pods use of a resource, all containers together or one. Pods of which a container is missing are left out. */
  async resource(name: string, namespace: string, selector: string, container: string | undefined): Promise<PodMetrics> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`
    const { items } = await this.#read<{ items: readonly MetricsItem[] }>(path, 'resource', { group: 'metrics.k8s.io', resource: 'pods' })
    if (items.length === 0) throw new Error('no metrics returned from resource metrics API')
    const metrics = new Map<string, PodMetric>()
    for (const item of items) {
      const chosen = container === undefined ? item.containers : item.containers.filter((each) => each.name === container)
      if (container !== undefined && chosen.length === 0) throw new Error(`container ${container} not present in metrics for pod ${item.metadata.namespace ?? namespace}/${item.metadata.name}`)
      if (chosen.some(({ usage }) => usage[name] === undefined)) continue
      const value = chosen.reduce((sum, { usage }) => sum + milliValueOf(mustParseQuantity(usage[name]!)), 0)
      metrics.set(item.metadata.name, { value, timestamp: timeOr0(item.timestamp), windowMs: parseDuration(item.window ?? '') ?? defaultWindowMs })
    }
    return metrics
  }

  /** A custom metric of pods. */
  async pods(metric: string, namespace: string, selector: string, metricSelector: LabelSelector | undefined): Promise<PodMetrics> {
    const items = await this.#custom(`namespaces/${namespace}/pods/*/${metric}`, selector, metricSelector, { group: 'custom.metrics.k8s.io', resource: 'pods' })
    return new Map(items.map((item) => [item.describedObject.name, { value: milliValueOf(mustParseQuantity(item.value)), timestamp: timeOr0(item.timestamp), windowMs: item.windowSeconds === undefined ? defaultWindowMs : item.windowSeconds * 1000 }]))
  }

  /** A custom metric of one object. */
  async object(metric: string, namespace: string, kind: Kind, name: string, metricSelector: LabelSelector | undefined): Promise<number> {
    const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
    const place = kind.namespaced ? `namespaces/${namespace}/${resource}` : kind.kind === 'Namespace' ? 'namespaces' : resource
    const [item] = await this.#custom(`${place}/${name}/${kind.kind === 'Namespace' ? `metrics/${metric}` : metric}`, undefined, metricSelector, { group: 'custom.metrics.k8s.io', resource: kind.plural })
    return milliValueOf(mustParseQuantity(item!.value))
  }

  /** The values of a metric of something outside the cluster. */
  async external(metric: string, namespace: string, metricSelector: LabelSelector | undefined): Promise<number[]> {
    const query = metricSelector ? `?labelSelector=${encodeURIComponent(formatLabelSelector(metricSelector))}` : ''
    const { items } = await this.#read<{ items: readonly { value: string }[] }>(`/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}${query}`, 'external', { group: 'external.metrics.k8s.io', resource: metric })
    if (items.length === 0) throw new Error('no metrics returned from external metrics API')
    return items.map(({ value }) => milliValueOf(mustParseQuantity(value)))
  }

  async #custom(place: string, selector: string | undefined, metricSelector: LabelSelector | undefined, resource: { group: string; resource: string }): Promise<readonly CustomItem[]> {
    const query = new URLSearchParams()
    if (selector !== undefined) query.set('labelSelector', selector)
    if (metricSelector) query.set('metricLabelSelector', formatLabelSelector(metricSelector))
    const text = query.toString()
    const { items } = await this.#read<{ items: readonly CustomItem[] }>(`/apis/custom.metrics.k8s.io/v1beta2/${place}${text ? `?${text}` : ''}`, 'custom', resource)
    if (items.length === 0) throw new Error('no metrics returned from custom metrics API')
    return items
  }

  async #read<T>(path: string, api: 'resource' | 'custom' | 'external', resource: { group: string; resource: string }): Promise<T> {
    try {
      const response = await this.#client.raw('GET', path)
      if (response.status < 400) return response.body as T
      const body = response.body as Status | string | undefined
      // An extension server's own words; what no server serves has none.
      if (body && typeof body === 'object' && body.kind === 'Status' && response.status !== 404 && response.status !== 503) throw new StatusError(body)
      throw genericServerResponse(response.status, 'GET', resource, '', typeof body === 'string' ? body : '')
    } catch (error) {
      throw new Error(`unable to fetch metrics from ${api} metrics API: ${textOf(error)}`)
    }
  }
}
