import { computed, type ComputedRef } from 'vue'
import { useLatest } from '../bridge/stream.ts'
import { useLab } from './lab.ts'

export interface TopicView {
  readonly value: ComputedRef<unknown>
  /** `absent`: no such process runs, or it shows no such topic. */
  readonly state: ComputedRef<'loading' | 'live' | 'absent'>
}

/** What a process shows under a topic, live; follows the process through restarts. */
export function useTopic(processId: () => string | undefined, topic: string): TopicView {
  const lab = useLab()
  const found = computed(() => {
    const id = processId()
    const process = id === undefined ? undefined : lab.process(id)
    return process?.topics.includes(topic) ? process : undefined
  })
  const { value, ended } = useLatest('observe.topic', () => found.value && { processId: found.value.id, topic, startedAt: found.value.startedAt })
  return {
    value: computed(() => value.value?.value),
    state: computed(() => (!found.value ? (lab.machineryKnown ? 'absent' : 'loading') : value.value ? 'live' : ended.value ? 'absent' : 'loading')),
  }
}
