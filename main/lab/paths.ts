import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where a person's labs and settings are kept: ORRERY_HOME, or `.orrery` in the home folder. */
export function homeFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(environment.ORRERY_HOME ?? join(homedir(), '.orrery'))
}

/** The folder of the installed product (with `resources/` and `out/`), found from wherever this bundle runs. */
export function productFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'resources', 'shell'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error(`the folder "resources" is missing above ${fileURLToPath(import.meta.url)}`)
    folder = above
  }
  return folder
}

/** Where a folder packed into an Electron archive really lies on disk, for programs that other processes start. */
export function unpacked(path: string): string {
  return path.replace(/\bapp\.asar(?=[\\/])/, 'app.asar.unpacked')
}

const labName = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/

/** Checks a lab's name: it becomes a folder and a kubeconfig context. Answers what is wrong, or undefined. */
export function labNameProblem(name: string): string | undefined {
  return labName.test(name) ? undefined : `a lab's name is 1 to 40 lower-case letters, digits and dashes, not ${JSON.stringify(name)}`
}
