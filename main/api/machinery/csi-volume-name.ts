/** What node.status.volumesAttached and volumesInUse call a CSI volume. */
export function csiVolumeName(driver: string, handle: string): string {
  return `kubernetes.io/csi/${driver}^${handle}`
}
