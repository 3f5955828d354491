/** What a machine uses beside its containers: kubelet, runtime and the system itself. */
export const systemCpuMillis = 28
export const systemMemoryBytes = 310 * 1_048_576
export const systemDiskBytes = 2_600 * 1_048_576
export const systemProcesses = 96

/** Most processes that a machine's kernel gives numbers to (kernel.pid_max of a small machine). */
export const processesMax = 32_768
