import type { ProcessContext } from '../program.ts'

/** `2026/11/23 04:14:00`, as error logs begin. */
export function logTime(context: ProcessContext): string {
  return new Date(context.clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}
