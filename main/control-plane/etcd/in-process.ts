import type { Process } from '../../kernel/machine.ts'
import { clientOver, type EtcdMaintenance } from './callers.ts'
import type { EtcdClient } from './client.ts'
import { VolatileLog } from './commit-log.ts'
import { EtcdMember, surroundingsOf, type MemberOptions } from './member.ts'

const defaults: MemberOptions = {
  clusterId: 'cdf818194e3a8c32',
  facts: { id: '8e9e05c52164694d', name: 'default', peerUrls: ['http://localhost:2380'], clientUrls: ['http://localhost:2379'] },
  version: '3.6.6',
  quotaBytes: 2 * 1024 ** 3,
  progressIntervalMs: 5_000,
}

/** An etcd of the caller's own, without wires and without a disk: the whole API, forgotten with the process. For unit tests of
 *  what stands on etcd. Answers and watch events come in events of their own, as they would from the network. */
export function inProcessEtcd(process: Pick<Process, 'clock' | 'random' | 'kernel'>, options: Partial<MemberOptions> = {}): EtcdClient & EtcdMaintenance & { readonly member: EtcdMember } {
  const { clock } = process
  const member = new EtcdMember({ ...defaults, ...options }, surroundingsOf(process))
  member.start(new VolatileLog(member.options.facts.id))
  const client = clientOver({
    call: (method, request) =>
      new Promise((resolve, reject) => {
        clock.after(0, () => {
          member.call(method, request, (outcome) => {
            clock.after(0, () => ('error' in outcome ? reject(outcome.error) : resolve(outcome.response)))
          })
        })
      }),
    watch(request, onResponse, onEnd) {
      let cancelled = false
      const unless = (told: () => void): void => {
        clock.after(0, () => {
          if (!cancelled) told()
        })
      }
      const handle = member.watch(request, (response) => unless(() => onResponse(response)), (end) => unless(() => onEnd(end)))
      return {
        cancel: () => {
          cancelled = true
          handle.cancel()
        },
        requestProgress: () => handle.requestProgress(),
      }
    },
  })
  return { ...client, member }
}
