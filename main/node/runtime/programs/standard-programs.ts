import { nginxEntrypoint } from './nginx/entrypoint.ts'
import { nginx } from './nginx/nginx.ts'
import type { Program, ProgramTable } from './program.ts'
import { service } from './service.ts'
import { sleep } from './sleep.ts'

/** Every simulated program, by the name that image catalogues use. */
export const standardPrograms: ProgramTable = new Map<string, Program>([
  ['nginx', nginx],
  ['nginx-entrypoint', nginxEntrypoint],
  ['service', service],
  ['sleep', sleep],
])
