import type { LimitRange, Namespace, ResourceQuota } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { canonicalQuantity, formatQuantity, mustParseQuantity, quantityOf, valueOf } from '../../../api/machinery/quantity.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { Description, timeText } from './description.ts'
import { readList, type Surroundings } from './describer.ts'
import { describeAnnotations, describeLabels } from './labels.ts'

export async function describeNamespace(namespace: Namespace, around: Surroundings): Promise<string> {
  const { metadata, status } = namespace
  const base = `/api/v1/namespaces/${metadata.name}`
  const quotas = await ifServed(readList<ResourceQuota>(around, `${base}/resourcequotas`))
  const ranges = await ifServed(readList<LimitRange>(around, `${base}/limitranges`))
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Status:\t${status?.phase ?? ''}\n`)
  if (status?.conditions?.length) {
    out.write(0, 'Conditions:\n')
    out.write(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage\n')
    out.write(1, '----\t------\t------------------\t------\t-------\n')
    for (const condition of status.conditions) out.write(1, `${condition.type}\t${condition.status}\t${timeText(condition.lastTransitionTime)}\t${condition.reason ?? ''}\t${condition.message ?? ''}\n`)
  }
  if (quotas) {
    out.write(0, '\n')
    describeQuotas(out, quotas)
  }
  if (ranges) {
    out.write(0, '\n')
    describeRanges(out, ranges)
  }
  return out.toString()
}

/** Undefined where the server does not know the resource. */
async function ifServed<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof StatusError && error.status.code === 404) return undefined
    throw error
  }
}

function describeQuotas(out: Description, quotas: readonly ResourceQuota[]): void {
  if (quotas.length === 0) return out.write(0, 'No resource quota.\n')
  out.write(0, 'Resource Quotas\n')
  for (const { metadata, spec, status } of [...quotas].sort((a, b) => compareBytes(a.metadata.name, b.metadata.name))) {
    out.write(1, `Name:\t${metadata.name}\n`)
    describeScopes(out, spec?.scopes, 1, '* ')
    out.write(1, 'Resource\tUsed\tHard\n')
    out.write(1, '--------\t---\t---\n')
    for (const name of Object.keys(status?.hard ?? {}).sort(compareBytes)) out.write(1, `${name}\t${canonicalQuantity(status?.used?.[name] ?? '0')}\t${canonicalQuantity(status!.hard![name]!)}\n`)
  }
}

const scopeTexts: Readonly<Record<string, string>> = {
  Terminating: 'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating: 'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort: 'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort: 'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
}

function describeScopes(out: Description, scopes: readonly string[] | undefined, level: number, bullet: string): void {
  if (!scopes?.length) return
  const sorted = [...scopes].sort(compareBytes)
  out.write(level, `Scopes:\t${sorted.join(', ')}\n`)
  for (const scope of sorted) if (scopeTexts[scope]) out.write(level, `${bullet}${scopeTexts[scope]}\n`)
}

const rangeHeader = ['Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n', '----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n']

function describeRanges(out: Description, ranges: readonly LimitRange[]): void {
  if (ranges.length === 0) return out.write(0, 'No LimitRange resource.\n')
  out.write(0, 'Resource Limits\n')
  for (const line of rangeHeader) out.write(0, ` ${line}`)
  for (const range of ranges) describeLimits(out, range, ' ')
}

function describeLimits(out: Description, { spec }: LimitRange, prefix: string): void {
  for (const { type, max, min, default: limit, defaultRequest, maxLimitRequestRatio } of spec?.limits ?? []) {
    const lists = [min, max, defaultRequest, limit, maxLimitRequestRatio]
    const names = new Set(lists.flatMap((list) => Object.keys(list ?? {})))
    // Upstream prints them in the order of a Go map, which is none.
    for (const name of [...names].sort(compareBytes)) out.write(0, `${prefix}${type}\t${name}\t${lists.map((list) => (list?.[name] === undefined ? '-' : canonicalQuantity(list[name]))).join('\t')}\n`)
  }
}

export async function describeLimitRange(range: LimitRange): Promise<string> {
  const out = new Description()
  out.write(0, `Name:\t${range.metadata.name}\n`)
  out.write(0, `Namespace:\t${range.metadata.namespace ?? ''}\n`)
  for (const line of rangeHeader) out.write(0, line)
  describeLimits(out, range, '')
  return out.toString()
}

export async function describeResourceQuota({ metadata, spec, status }: ResourceQuota): Promise<string> {
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeScopes(out, spec?.scopes, 0, ' * ')
  out.write(0, 'Resource\tUsed\tHard\n')
  out.write(0, '--------\t----\t----\n')
  for (const name of Object.keys(status?.hard ?? {}).sort(compareBytes)) {
    const hard = mustParseQuantity(status!.hard![name]!)
    const used = mustParseQuantity(status?.used?.[name] ?? '0')
    // What is used is shown in the unit of the limit.
    const shown = used.format === hard.format ? used : quantityOf(valueOf(used), hard.format)
    out.write(0, `${name}\t${formatQuantity(shown)}\t${formatQuantity(hard)}\n`)
  }
  return out.toString()
}
