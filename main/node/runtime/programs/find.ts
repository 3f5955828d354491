import { FileError } from '../files/file-error.ts'
import type { Inode } from '../files/inode.ts'
import { joinPath } from '../files/path.ts'
import { sizeOfInode } from './ls.ts'
import { sizeOf } from './options.ts'
import { ExecError, type ProcessContext, type Program } from './program.ts'
import { matchGlob } from './shell/glob.ts'
import { complain } from './text-input.ts'

interface Candidate {
  readonly path: string
  readonly absolute: string
  readonly inode: Inode
  readonly depth: number
}

type Predicate = (candidate: Candidate) => Promise<boolean> | boolean

/** find: -name -iname -path -type -size -mmin -mtime -maxdepth -mindepth -newer -empty -print -print0 -delete -exec -prune ! -o. */
export const find: Program = async (context) => {
  const words = context.argv.slice(1)
  const start: string[] = []
  while (words.length > 0 && !/^[-!(]/.test(words[0]!)) start.push(words.shift()!)
  let depthMax = Infinity
  let depthMin = 0
  let acts = false
  let at = 0
  let pruned = false
  let unknown: string | undefined
  const pending: string[] = []
  let pendingCommand: string[] | undefined
  const now = context.clock.now()
  const compare = (text: string, value: number): boolean => (text.startsWith('+') ? value > Number(text.slice(1)) : text.startsWith('-') ? value < Number(text.slice(1)) : value === Number(text))
  const primary = (): Predicate => {
    const word = words[at++]
    switch (word) {
      case '!':
      case '-not': {
        const inner = primary()
        return async (candidate) => !(await inner(candidate))
      }
      case '(': {
        const inner = either()
        at++
        return inner
      }
      case '-name':
      case '-iname': {
        const pattern = words[at++] ?? ''
        return ({ path }) => {
          const name = path.split('/').at(-1)!
          return word === '-name' ? matchGlob(pattern, name) : matchGlob(pattern.toLowerCase(), name.toLowerCase())
        }
      }
      case '-path': {
        const pattern = words[at++] ?? ''
        return ({ path }) => matchGlob(pattern, path)
      }
      case '-type': {
        const kinds = { f: 'file', d: 'directory', l: 'link', c: 'device' } as const
        const kind = kinds[(words[at++] ?? '') as keyof typeof kinds]
        return ({ inode }) => inode.kind === kind
      }
      case '-empty':
        return ({ inode }) => (inode.kind === 'file' ? inode.size === 0 : inode.kind === 'directory' && inode.names().length === 0)
      case '-size': {
        const size = words[at++] ?? ''
        const sign = /^[+-]/.exec(size)?.[0] ?? ''
        const bytes = sizeOf(/\d$/.test(size) ? `${size.slice(sign.length)}b` : size.slice(sign.length))
        return ({ inode }) => (sign === '+' ? sizeOfInode(inode) > bytes : sign === '-' ? sizeOfInode(inode) < bytes : sizeOfInode(inode) === bytes)
      }
      case '-mmin':
      case '-mtime': {
        const text = words[at++] ?? '0'
        const unit = word === '-mmin' ? 60_000 : 86_400_000
        return ({ inode }) => compare(text, Math.floor((now - inode.mtime) / unit))
      }
      case '-newer': {
        const than = context.files.get(context.path(words[at++] ?? '')).mtime
        return ({ inode }) => inode.mtime > than
      }
      case '-perm': {
        const mode = parseInt((words[at++] ?? '0').replace(/^[-/]/, ''), 8)
        return ({ inode }) => (inode.mode & mode) === mode
      }
      case '-user':
      case '-group':
        at++
        return () => true
      case '-maxdepth':
        depthMax = Number(words[at++])
        return () => true
      case '-mindepth':
        depthMin = Number(words[at++])
        return () => true
      case '-prune':
        return () => {
          pruned = true
          return true
        }
      case '-print':
      case '-print0':
        acts = true
        return async ({ path }) => {
          await context.stdout.write(word === '-print' ? `${path}\n` : `${path}\0`)
          return true
        }
      case '-delete':
        acts = true
        return ({ absolute, inode }) => {
          context.files.remove(absolute, { directory: inode.kind === 'directory' })
          return true
        }
      case '-exec': {
        acts = true
        const command: string[] = []
        while (at < words.length && words[at] !== ';' && words[at] !== '+') command.push(words[at++]!)
        const together = words[at++] === '+'
        if (together) pendingCommand = command
        return async ({ path }) => {
          if (together) {
            pending.push(path)
            return true
          }
          return (await execute(context, command.map((part) => part.replaceAll('{}', path)))) === 0
        }
      }
      case '-xdev':
      case '-follow':
      case '-L':
        return () => true
      case '-true':
        return () => true
      case '-false':
        return () => false
      default:
        unknown ??= word ?? ''
        return () => true
    }
  }
  const both = (): Predicate => {
    let left = primary()
    while (at < words.length && words[at] !== '-o' && words[at] !== '-or' && words[at] !== ')') {
      if (words[at] === '-a' || words[at] === '-and') at++
      const [first, second] = [left, primary()]
      left = async (candidate) => (await first(candidate)) && (await second(candidate))
    }
    return left
  }
  const either = (): Predicate => {
    let left = both()
    while (words[at] === '-o' || words[at] === '-or') {
      at++
      const [first, second] = [left, both()]
      left = async (candidate) => (await first(candidate)) || (await second(candidate))
    }
    return left
  }
  const predicate = words.length > 0 ? either() : (): boolean => true
  if (unknown !== undefined) {
    await complain(context, context.files.find('/bin/busybox') ? `unrecognized: ${unknown}` : `unknown predicate \`${unknown}'`)
    return 1
  }
  const deletes = words.includes('-delete')
  let code = 0
  const visit = async (path: string, depth: number): Promise<void> => {
    const absolute = context.path(path)
    const inode = context.files.get(absolute, false)
    const candidate = { path, absolute, inode, depth }
    pruned = false
    const test = async (): Promise<void> => {
      if (depth < depthMin || !(await predicate(candidate))) return
      if (!acts) await context.stdout.write(`${path}\n`)
    }
    if (!deletes) await test()
    if (inode.kind === 'directory' && depth < depthMax && !pruned) {
      for (const name of context.files.list(absolute)) {
        const pause = context.work(0.005)
        if (pause) await pause
        try {
          await visit(joinPath(path, name), depth + 1)
        } catch (error) {
          if (!(error instanceof FileError)) throw error
          await complain(context, `${joinPath(path, name)}: ${error.message}`)
          code = 1
        }
      }
    }
    if (deletes) await test()
  }
  for (const path of start.length > 0 ? start : ['.']) {
    try {
      await visit(path, 0)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, context.files.find('/bin/busybox') ? `${path}: ${error.message}` : `'${path}': ${error.message}`)
      code = 1
    }
  }
  if (pendingCommand && pending.length > 0) await execute(context, pendingCommand.flatMap((part) => (part === '{}' ? pending : [part])))
  return code
}

async function execute(context: ProcessContext, words: readonly string[]): Promise<number> {
  try {
    return await context.spawn(words).wait()
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    await complain(context, `${words[0]}: No such file or directory`)
    return 127
  }
}
