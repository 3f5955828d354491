import type { KubeObject } from '../../../api/machinery/object.ts'

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** Two versions of a Secret without their values: equal ones become `***`, changed ones tell which is which. Others stay. */
export function masked(before: KubeObject | undefined, after: KubeObject | undefined): [KubeObject | undefined, KubeObject | undefined] {
  if ((before ?? after)?.kind !== 'Secret') return [before, after]
  const [old, now] = [(before as Secret | undefined)?.data ?? {}, (after as Secret | undefined)?.data ?? {}]
  const mask = (data: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>, word: string): Record<string, string> =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, other[key] === undefined || other[key] === value ? '***' : `*** (${word})`]))
  return [withData(before as Secret | undefined, mask(old, now, 'before')), withData(after as Secret | undefined, mask(now, old, 'after'))]
}

function withData(secret: Secret | undefined, data: Readonly<Record<string, string>>): KubeObject | undefined {
  return secret?.data ? ({ ...secret, data } as KubeObject) : secret
}
