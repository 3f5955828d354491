import type { KubeObject, WatchEventType } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import type { CommandContext } from '../command.ts'
import { objectPath, type Target } from './objects.ts'
import { requestJson } from './requests.ts'

export type Verdict = 'go on' | 'done'

/** Follows one object, beginning with how it is now (undefined = it does not exist), until `judge` answers done. False when the
 *  time (ms from now; 0 or less = no limit) is over first. Errors of `judge` end it. */
export async function watchUntil(context: CommandContext, target: Target, timeoutMs: number, judge: (object: KubeObject | undefined, type: WatchEventType | 'LISTED') => Verdict | Promise<Verdict>): Promise<boolean> {
  const { factory, environment } = context
  const end = timeoutMs > 0 ? environment.now() + timeoutMs : Infinity
  const path = `${objectPath(target.resource, target.namespace)}?${new URLSearchParams({ fieldSelector: `metadata.name=${target.name}` }).toString()}`
  for (;;) {
    const list = await requestJson<{ metadata?: { resourceVersion?: string }; items?: KubeObject[] }>(context, 'GET', path)
    const [item] = list.items ?? []
    const named = item ? { ...item, apiVersion: target.resource.group === '' ? target.resource.version : `${target.resource.group}/${target.resource.version}`, kind: target.resource.kind } : undefined
    if ((await judge(named as KubeObject | undefined, 'LISTED')) === 'done') return true
    const leftMs = end - environment.now()
    if (leftMs <= 0) return false
    const stream = await factory.client().rawStream('GET', `${path}&watch=true&resourceVersion=${list.metadata?.resourceVersion ?? ''}`)
    let callOff = (): void => {}
    const outcome = await new Promise<'done' | 'ended' | 'late'>((resolve, reject) => {
      let rest = ''
      const decoder = new TextDecoder()
      let turn = Promise.resolve()
      if (leftMs !== Infinity) callOff = environment.after(leftMs, () => resolve('late'))
      stream.onData((chunk) => {
        rest += decoder.decode(chunk as Uint8Array, { stream: true })
        const lines = rest.split('\n')
        rest = lines.pop()!
        for (const line of lines.filter((text) => text.trim() !== '')) {
          const event = JSON.parse(line) as { type: WatchEventType; object: KubeObject }
          if (event.type === 'BOOKMARK') continue
          turn = turn.then(async () => {
            if (event.type === 'ERROR') return resolve('ended')
            if ((await judge(event.type === 'DELETED' ? undefined : event.object, event.type)) === 'done') resolve('done')
          }).catch(reject)
        }
      })
      stream.onEnd(() => resolve('ended'))
    }).finally(() => {
      callOff()
      stream.cancel()
    })
    if (outcome === 'done') return true
    if (outcome === 'late') return false
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'NotFound'
}
