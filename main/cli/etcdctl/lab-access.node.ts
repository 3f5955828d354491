import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** How a lab's etcd is reached from this computer: what the lab writes into its `etcd.json`. Certificates are PEM texts. */
export interface LabAccess {
  readonly endpoint: string
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** The running lab's, from the environment of its terminal or the folder of the lab that is named (or the standard one). */
export function labAccess(variables: Readonly<Record<string, string | undefined>>): LabAccess | undefined {
  const { ORRERY_ETCD, ORRERY_LAB, ORRERY_HOME } = variables
  const path = ORRERY_ETCD ?? join(ORRERY_HOME ?? join(homedir(), '.orrery'), 'labs', ORRERY_LAB ?? 'standard', 'etcd.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LabAccess
  } catch {
    return undefined
  }
}
