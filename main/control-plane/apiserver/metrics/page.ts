/** Prometheus' text format. (The client library prom-client was considered: it needs Node's own modules, which this folder compiles
 *  without, keeps default registries per process where a lab has many servers in one, and costs more per request than what it counts.) */

export type Labels = Readonly<Record<string, string | number>>

export type MetricType = 'counter' | 'gauge' | 'histogram'

/** Values sorted into bounds; `counts` are of each bound alone, not cumulated. */
export interface Histogram {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

/** A page of metrics, written family by family. */
export class MetricsPage {
  readonly #parts: string[] = []

  /** Begins a family. `stability` is upstream's mark before the help text. */
  family(name: string, type: MetricType, stability: 'STABLE' | 'BETA' | 'ALPHA' | '', help: string): void {
    this.#parts.push(`# HELP ${name} ${stability === '' ? '' : `[${stability}] `}${escapeHelp(help)}\n# TYPE ${name} ${type}\n`)
  }

  sample(name: string, labels: Labels, value: number): void {
    this.#parts.push(`${name}${labelsText(labels)} ${numberText(value)}\n`)
  }

  histogram(name: string, labels: Labels, { bounds, counts, sum, count }: Histogram): void {
    let below = 0
    bounds.forEach((bound, index) => this.sample(`${name}_bucket`, { ...labels, le: numberText(bound) }, (below += counts[index] ?? 0)))
    this.sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count)
    this.sample(`${name}_sum`, labels, sum)
    this.sample(`${name}_count`, labels, count)
  }

  get text(): string {
    return this.#parts.join('')
  }
}

function labelsText(labels: Labels): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeValue(String(labels[name]))}"`
  return text === '' ? '' : `{${text}}`
}

function escapeValue(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'))
}

/** As Go prints a float: exponents for what is very large or small. */
function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  if (Number.isNaN(value)) return 'NaN'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e21 || size < 1e-4 || (size >= 1e6 && Number.isInteger(value) && size >= 1e9))) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  return String(value)
}
