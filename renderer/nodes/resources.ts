import type { ApiObject } from '../api/object.ts'

const binary: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }

/** `250m` -> 250, `2` -> 2000. */
export function cpuMillis(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1_000
}

export function memoryBytes(quantity: string): number {
  const unit = /[A-Za-z]+$/.exec(quantity)?.[0] ?? ''
  return Number(quantity.slice(0, quantity.length - unit.length)) * (binary[unit] ?? 1)
}

export function cpuText(millis: number): string {
  return millis % 1_000 === 0 ? String(millis / 1_000) : `${millis}m`
}

export function memoryText(bytes: number): string {
  if (bytes === 0) return '0'
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)}Gi` : `${Math.round(bytes / 2 ** 20)}Mi`
}

interface Container {
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> }
}

/** What pods that have not ended ask for, their containers' requests summed. */
export function requestedBy(pods: readonly ApiObject[]): { readonly cpuMillis: number; readonly memoryBytes: number } {
  let cpu = 0
  let memory = 0
  for (const pod of pods) {
    const phase = (pod.status as { phase?: string } | undefined)?.phase
    if (phase === 'Succeeded' || phase === 'Failed') continue
    for (const container of (pod.spec as { containers?: readonly Container[] } | undefined)?.containers ?? []) {
      const requests = container.resources?.requests
      if (requests?.['cpu']) cpu += cpuMillis(requests['cpu'])
      if (requests?.['memory']) memory += memoryBytes(requests['memory'])
    }
  }
  return { cpuMillis: cpu, memoryBytes: memory }
}
