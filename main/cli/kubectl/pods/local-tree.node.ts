import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { TarEntry } from './tar-archive.ts'

/** What stands at a path of this machine, as archive entries named from `name` on. Throws CliError when nothing does. */
export async function localEntries(path: string, shown: string, name: string): Promise<TarEntry[]> {
  const facts = await lstat(path).catch(() => undefined)
  if (!facts) throw new CliError(`${shown} doesn't exist in local filesystem`)
  const common = { name, mode: facts.mode & 0o7777, modifiedMs: facts.mtimeMs }
  if (facts.isSymbolicLink()) return [{ ...common, type: 'link', bytes: new Uint8Array(), target: await readlink(path) }]
  if (!facts.isDirectory()) return [{ ...common, type: 'file', bytes: await readFile(path) }]
  const inside = (await readdir(path)).sort()
  if (inside.length === 0) return [{ ...common, type: 'folder', bytes: new Uint8Array() }]
  return (await Promise.all(inside.map((entry) => localEntries(join(path, entry), join(shown, entry), `${name}/${entry}`)))).flat()
}

/** The last part of a path of this machine. */
export function localName(path: string): string {
  return basename(path)
}

/** Writes the entries, all of which begin with `prefix`, to `path`, or into it when it is a folder. Links are left out. */
export async function writeEntries(entries: readonly TarEntry[], prefix: string, path: string, warn: (text: string) => void, advice: string): Promise<void> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  const target = isFolder ? join(path, basename(prefix)) : path
  for (const entry of entries) {
    if (!entry.name.startsWith(prefix)) throw new CliError('tar contents corrupted')
    const place = join(target, entry.name.slice(prefix.length))
    if (relative(target, place).startsWith('..')) {
      warn(`warning: file ${JSON.stringify(place)} is outside target destination, skipping\n`)
      continue
    }
    if (entry.type === 'link') {
      warn(`warning: skipping symlink: ${JSON.stringify(place)} -> ${JSON.stringify(entry.target)}${advice}\n`)
      continue
    }
    if (entry.type === 'folder') {
      await mkdir(place, { recursive: true })
      continue
    }
    await mkdir(dirname(place), { recursive: true })
    await writeFile(place, entry.bytes)
    await chmod(place, entry.mode & 0o777 || 0o644)
  }
}
