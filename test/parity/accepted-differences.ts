/** Where our kubectl differs from the real one on purpose. Each has a reason. */
export interface AcceptedDifference {
  /** The command line, as in the case. */
  readonly run: string | RegExp
  readonly reason: string
}

export const acceptedDifferences: readonly AcceptedDifference[] = [
  { run: '--kubeconfig=config.yaml config get-clusters', reason: 'the real tool walks a Go map: its order is random; ours is that of the file' },
]
