import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { PortState } from '../../preload/contract/frames.ts'
import { bridge } from '../bridge/bridge.ts'
import { useLatest } from '../bridge/stream.ts'

/** The lab behind the window, and whether it can be reached. */
export const useLab = defineStore('lab', () => {
  const port = ref<PortState>('connecting')
  bridge().onState((state) => (port.value = state))
  const { value: state } = useLatest('lab.state', () => null)
  const { value: machinery } = useLatest('observe.machinery', () => null)

  const connected = computed(() => port.value === 'open')
  const machines = computed(() => machinery.value?.machines ?? [])
  const processes = computed(() => machines.value.flatMap((machine) => machine.processes.map((process) => ({ ...process, machine: machine.name }))))

  return {
    port,
    connected,
    state,
    machines,
    /** False until the lab has told of its machines. */
    machineryKnown: computed(() => machinery.value !== undefined),
    partitions: computed(() => machinery.value?.partitions ?? []),
    processes,
    /** All processes of that name: several of `kubelet`, one or three of `etcd`. */
    named: (name: string) => processes.value.filter((process) => process.name === name),
    process: (id: string) => processes.value.find((process) => process.id === id),
  }
})
