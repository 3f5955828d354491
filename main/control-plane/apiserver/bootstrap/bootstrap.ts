import type { Parts } from '../parts.ts'
import { ensureSystemNamespaces } from './system-namespaces.ts'

/** Writes the objects that the server itself answers for, unless they are there. */
export async function bootstrap({ own }: Parts): Promise<void> {
  await ensureSystemNamespaces(own)
}
