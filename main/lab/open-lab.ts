import { join } from 'node:path'
import type { LabServices } from '../../preload/contract/services.ts'
import { Lab, type LabOptions } from './lab.ts'
import { labServices, type ShellFacts } from './services.ts'
import { SettingsFile } from './settings-file.ts'
import { Terminals } from './terminals.ts'

/** A lab with all that a shell needs to show it. */
export interface OpenLab {
  readonly lab: Lab
  readonly services: LabServices
  readonly terminals: Terminals
  close(): Promise<void>
}

/** Puts a lab together; `lab.start()` is the caller's, so that a window can be shown while it boots. */
export function openLab(options: LabOptions, shell: ShellFacts): OpenLab {
  const lab = new Lab(options)
  const settings = new SettingsFile(join(options.home, 'settings.json'))
  const terminals = new Terminals(() => ({ product: options.product, workspace: lab.workspace, kubeconfig: lab.kubeconfigPath, labName: options.name, environment: { ORRERY_CONSOLE: lab.consolePath, ORRERY_ETCD: lab.etcdPath } }))
  return {
    lab,
    services: labServices(lab, terminals, settings, shell),
    terminals,
    async close() {
      terminals.closeAll()
      await lab.dispose()
    },
  }
}
