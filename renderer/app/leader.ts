import { computed, type ComputedRef } from 'vue'
import { useLab } from './lab.ts'
import { useTopic } from './topic.ts'

/** What a component that takes part in an election shows of it. */
export interface ElectionView {
  readonly isLeader: boolean
  /** `<machine>_<uuid>`; '' before any was seen. */
  readonly leader: string
  readonly lease: object | null
}

/** The machine of an identity in an election. */
export function machineOfIdentity(identity: string): string {
  return identity.slice(0, Math.max(0, identity.lastIndexOf('_')))
}

/** The process of that name that leads, as the first of them sees it; undefined while nobody is known to. */
export function useLeader(name: string): ComputedRef<string | undefined> {
  const lab = useLab()
  const { value } = useTopic(() => lab.named(name)[0]?.id, 'leader-election')
  return computed(() => {
    const machine = machineOfIdentity((value.value as ElectionView | undefined)?.leader ?? '')
    const id = `${name}@${machine}`
    return lab.process(id) ? id : undefined
  })
}
