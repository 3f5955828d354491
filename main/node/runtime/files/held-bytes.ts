import type { Inode } from './inode.ts'

/** Bytes of the files in a tree that are its own: what belongs to an image or is made up when it is read counts as nothing. */
export function heldBytes(inode: Inode): number {
  if (inode.shared) return 0
  if (inode.kind === 'file') return inode.generated || inode.program !== undefined ? 0 : inode.size
  if (inode.kind !== 'directory') return 0
  let sum = 0
  for (const name of inode.names()) {
    const child = inode.get(name)
    if (child) sum += heldBytes(child)
  }
  return sum
}
