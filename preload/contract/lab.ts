/** The lab: one cluster and its files. */
export interface LabState {
  readonly name: string
  readonly phase: 'starting' | 'ready' | 'stopping' | 'stopped' | 'failed'
  /** What went wrong, of phase `failed`. */
  readonly failure?: string
  /** Orrery's own version. */
  readonly version: string
  /** `v1.36.1`. */
  readonly kubernetesVersion: string
  /** Which shell hosts it. */
  readonly host: 'desktop' | 'server'
  /** `process.platform` of the host, for keyboard hints. */
  readonly platform: string
  /** `https://127.0.0.1:PORT`; '' while it starts. */
  readonly server: string
  readonly kubeconfigPath: string
  /** Names of the machines. */
  readonly nodes: readonly string[]
  /** Wall ms from launch to all nodes Ready; absent until then. */
  readonly startupMs?: number
  readonly seed: number
  /** True when nothing is kept on disk. */
  readonly ephemeral: boolean
}

export interface LabCalls {
  /** Stops the cluster and starts it again from what it has on disk. Answers when it is ready. */
  'lab.restart': { readonly argument: null; readonly result: LabState }
  /** Throws the cluster away and makes a new one like it. Answers when it is ready. */
  'lab.reset': { readonly argument: null; readonly result: LabState }
  /** Opens a http(s) page in the user's browser; other schemes are `invalid`. */
  'lab.openExternal': { readonly argument: { readonly url: string }; readonly result: null }
}

export interface LabStreams {
  /** At once, then at each change. */
  'lab.state': { readonly argument: null; readonly event: LabState }
}
