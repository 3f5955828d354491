import { FileError } from '../files/file-error.ts'
import type { Inode } from '../files/inode.ts'
import { joinPath } from '../files/path.ts'
import { monthNames } from './http-text.ts'
import { humanSize, readOptions } from './options.ts'
import type { ProcessContext, Program } from './program.ts'
import { complain } from './text-input.ts'

interface Entry {
  readonly name: string
  readonly inode: Inode
  readonly path: string
}

export const ls: Program = async (context) => {
  const options = await readOptions(context, 'laA1RrtShdFinopgCcuLXsk', { all: 'a', 'almost-all': 'A', recursive: 'R', 'human-readable': 'h', directory: 'd', reverse: 'r', color: 'C' })
  if (!options) return 1
  const { flags } = options
  let code = 0
  const files: Entry[] = []
  const directories: string[] = []
  for (const operand of options.operands.length > 0 ? options.operands : ['.']) {
    try {
      const path = context.path(operand)
      const inode = context.files.find(path, !flags.has('l')) ?? context.files.get(path, false)
      const target = inode.kind === 'link' ? context.files.find(path) : inode
      if (target?.kind === 'directory' && !flags.has('d') && (inode.kind !== 'link' || !flags.has('l') || operand.endsWith('/'))) directories.push(operand)
      else files.push({ name: operand, inode, path })
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, context.files.find('/bin/busybox') ? `${operand}: ${error.message}` : `cannot access '${operand}': ${error.message}`)
      code = context.files.find('/bin/busybox') ? 1 : 2
    }
  }
  if (files.length > 0) await print(context, sorted(files, flags), flags)
  let first = files.length === 0
  const visit = async (operand: string): Promise<void> => {
    let entries: Entry[]
    try {
      entries = list(context, context.path(operand), flags)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, context.files.find('/bin/busybox') ? `can't open '${operand}': ${error.message}` : `cannot open directory '${operand}': ${error.message}`)
      code = 1
      return
    }
    if (directories.length > 1 || files.length > 0 || flags.has('R')) await context.stdout.write(`${first ? '' : '\n'}${operand}:\n`)
    first = false
    if (flags.has('l')) await context.stdout.write(`total ${entries.reduce((sum, entry) => sum + (entry.inode.kind === 'link' ? 0 : 4), 0)}\n`)
    await print(context, entries, flags)
    if (!flags.has('R')) return
    for (const entry of entries) if (entry.inode.kind === 'directory' && entry.name !== '.' && entry.name !== '..') await visit(joinPath(operand, entry.name))
  }
  for (const directory of directories) await visit(directory)
  return code
}

function list(context: ProcessContext, path: string, flags: ReadonlySet<string>): Entry[] {
  const entries: Entry[] = []
  for (const name of context.files.list(path)) {
    if (name.startsWith('.') && !flags.has('a') && !flags.has('A')) continue
    const inode = context.files.find(joinPath(path, name), false)
    if (inode) entries.push({ name, inode, path: joinPath(path, name) })
  }
  const ordered = sorted(entries, flags)
  if (!flags.has('a')) return ordered
  const parent = path.slice(0, path.lastIndexOf('/')) || '/'
  return [{ name: '.', inode: context.files.get(path), path }, { name: '..', inode: context.files.get(parent), path: parent }, ...ordered]
}

function sorted(entries: readonly Entry[], flags: ReadonlySet<string>): Entry[] {
  const result = [...entries]
  if (flags.has('t')) result.sort((a, b) => b.inode.mtime - a.inode.mtime)
  else if (flags.has('S')) result.sort((a, b) => sizeOfInode(b.inode) - sizeOfInode(a.inode))
  if (flags.has('r')) result.reverse()
  return result
}

export function sizeOfInode(inode: Inode): number {
  if (inode.kind === 'file') return inode.size
  if (inode.kind === 'link') return inode.target.length
  return inode.kind === 'directory' ? 4096 : 0
}

/** `drwxr-xr-x`. */
export function modeText(inode: Inode): string {
  const kind = { directory: 'd', link: 'l', device: 'c', file: '-' }[inode.kind]
  let text = kind
  for (const shift of [6, 3, 0]) {
    const bits = (inode.mode >> shift) & 7
    text += (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + (bits & 1 ? 'x' : '-')
  }
  return (inode.mode & 0o1000) !== 0 ? `${text.slice(0, -1)}t` : text
}

/** Names of users and groups from the container's files. */
export function accountName(context: ProcessContext, file: '/etc/passwd' | '/etc/group', id: number): string {
  try {
    for (const line of context.files.readText(file).split('\n')) {
      const fields = line.split(':')
      if (fields[2] === String(id)) return fields[0]!
    }
  } catch {
    // Without the file there are only numbers.
  }
  return String(id)
}

async function print(context: ProcessContext, entries: readonly Entry[], flags: ReadonlySet<string>): Promise<void> {
  const mark = (inode: Inode): string => (!flags.has('F') ? '' : inode.kind === 'directory' ? '/' : inode.kind === 'link' ? '@' : (inode.mode & 0o111) !== 0 ? '*' : '')
  if (!flags.has('l') && !flags.has('n') && !flags.has('o') && !flags.has('g')) {
    if (entries.length === 0) return
    const names = entries.map((entry) => (flags.has('i') ? `${inodeNumber(entry.path)} ` : '') + entry.name + mark(entry.inode))
    await context.stdout.write(context.descriptors[1]?.terminal && !flags.has('1') ? columns(names, context.terminal?.columns ?? 80) : `${names.join('\n')}\n`)
    return
  }
  const rows = entries.map(({ name, inode, path }) => {
    const size = flags.has('h') ? humanSize(sizeOfInode(inode)) : String(sizeOfInode(inode))
    const owner = flags.has('n') ? String(inode.uid) : accountName(context, '/etc/passwd', inode.uid)
    const group = flags.has('n') ? String(inode.gid) : accountName(context, '/etc/group', inode.gid)
    const links = inode.kind === 'directory' ? 2 : 1
    return { mode: modeText(inode), links: String(links), owner, group, size: inode.kind === 'device' ? '1,   3' : size, when: timeText(inode.mtime, context.clock.now()), name: name + mark(inode) + (inode.kind === 'link' ? ` -> ${inode.target}` : ''), path }
  })
  const width = (pick: (row: (typeof rows)[number]) => string): number => Math.max(...rows.map((row) => pick(row).length), 1)
  const [links, owner, group, size] = [width((row) => row.links), width((row) => row.owner), width((row) => row.group), width((row) => row.size)]
  await context.stdout.write(
    rows.map((row) => `${row.mode} ${row.links.padStart(links)} ${row.owner.padEnd(owner)} ${row.group.padEnd(group)} ${row.size.padStart(size)} ${row.when} ${row.name}\n`).join(''),
  )
}

function timeText(time: number, now: number): string {
  const date = new Date(time)
  const day = `${monthNames[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`
  if (now - time > 15_552_000_000 || time > now) return `${day}  ${date.getUTCFullYear()}`
  return `${day} ${date.toISOString().slice(11, 16)}`
}

function columns(names: readonly string[], width: number): string {
  const longest = Math.max(...names.map((name) => name.length)) + 2
  const count = Math.max(1, Math.floor(width / longest))
  const rows = Math.ceil(names.length / count)
  let text = ''
  for (let row = 0; row < rows; row++) {
    let line = ''
    for (let at = row; at < names.length; at += rows) line += names[at]!.padEnd(longest)
    text += `${line.trimEnd()}\n`
  }
  return text
}

/** A number that stays the same for a path. */
export function inodeNumber(path: string): number {
  let hash = 17
  for (let index = 0; index < path.length; index++) hash = (Math.imul(hash, 31) + path.charCodeAt(index)) >>> 0
  return 100_000 + (hash % 900_000)
}
