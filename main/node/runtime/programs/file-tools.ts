import { FileError } from '../files/file-error.ts'
import type { FileInode} from '../files/inode.ts';
import { DirectoryInode, LinkInode, type Inode } from '../files/inode.ts'
import { baseName, directoryName, joinPath } from '../files/path.ts'
import { openPath } from '../processes/open-path.ts'
import { accountName, inodeNumber, modeText, sizeOfInode } from './ls.ts'
import { humanSize, readOptions, sizeOf } from './options.ts'
import type { ProcessContext, Program } from './program.ts'
import { complain, nameOf } from './text-input.ts'

/** Programs that change or describe files: mkdir, rm, cp, mv, ln, touch, chmod, stat, du, df … */

/** Does something with each operand; a file that cannot be had is reported with `words`, and the answer is then 1. */
async function each(context: ProcessContext, operands: readonly string[], words: (operand: string, error: FileError) => string, act: (operand: string) => void | Promise<void>): Promise<number> {
  let code = 0
  for (const operand of operands) {
    try {
      await act(operand)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, words(operand, error))
      code = 1
    }
  }
  return code
}

async function needsOperand(context: ProcessContext): Promise<number> {
  await complain(context, 'missing operand')
  return 1
}

export const mkdir: Program = async (context) => {
  const options = await readOptions(context, 'pm:v', { parents: 'p', mode: 'm', verbose: 'v' })
  if (!options) return 1
  if (options.operands.length === 0) return needsOperand(context)
  const given = options.values.get('m')
  const mode = given === undefined ? undefined : parseInt(given, 8)
  return each(
    context,
    options.operands,
    (operand, error) => (isBusybox(context) ? `can't create directory '${operand}': ${error.message}` : `cannot create directory '${operand}': ${error.message}`),
    (operand) => context.files.makeDirectory(context.path(operand), { parents: options.flags.has('p'), mode }),
  )
}

export const rmdir: Program = async (context) => {
  const options = await readOptions(context, 'pv')
  if (!options) return 1
  return each(
    context,
    options.operands,
    (operand, error) => (isBusybox(context) ? `'${operand}': ${error.message}` : `failed to remove '${operand}': ${error.message}`),
    (operand) => context.files.remove(context.path(operand), { directory: true }),
  )
}

export const rm: Program = async (context) => {
  const options = await readOptions(context, 'rRfivd', { recursive: 'r', force: 'f' })
  if (!options) return 1
  const force = options.flags.has('f')
  const recursive = options.flags.has('r') || options.flags.has('R')
  if (options.operands.length === 0) return force ? 0 : needsOperand(context)
  return each(
    context,
    options.operands,
    (operand, error) => (isBusybox(context) ? (error.code === 'EISDIR' ? `'${operand}' is a directory` : `can't remove '${operand}': ${error.message}`) : `cannot remove '${operand}': ${error.message}`),
    (operand) => {
      try {
        context.files.remove(context.path(operand), { recursive })
      } catch (error) {
        if (!force || !(error instanceof FileError) || (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')) throw error
      }
    },
  )
}

export const unlink: Program = (context) =>
  each(context, context.argv.slice(1), (operand, error) => `can't unlink '${operand}': ${error.message}`, (operand) => context.files.remove(context.path(operand)))

function copyTree(context: ProcessContext, inode: Inode, target: string): void {
  const { files } = context
  if (inode.kind === 'directory') {
    if (files.find(target)?.kind !== 'directory') files.makeDirectory(target, { mode: inode.mode })
    for (const name of inode.names()) {
      const child = inode.get(name)
      if (child) copyTree(context, child, joinPath(target, name))
    }
  } else if (inode.kind === 'link') {
    if (files.find(target, false)) files.remove(target)
    files.symbolicLink(inode.target, target)
  } else if (inode.kind === 'file') {
    if (inode.program !== undefined) placeInode(context, target, inode.copy())
    else {
      files.write(target, inode.bytes().slice(), { mode: inode.mode })
      if ((inode.mode & 0o111) !== 0) files.change(target, { mode: inode.mode })
    }
  }
}

/** Puts a program's file at another path: it is then the same program there. */
function placeInode(context: ProcessContext, target: string, inode: FileInode): void {
  const { files } = context
  if (files.find(target, false)) files.remove(target)
  // Making and removing a plain file first makes the directory this container's own, and checks that it may be written.
  files.fileForWriting(target, { create: true })
  files.remove(target)
  const parent = files.get(directoryName(target))
  if (parent instanceof DirectoryInode) parent.set(baseName(target), inode)
}

export const cp: Program = async (context) => {
  const options = await readOptions(context, 'rRafpnvLdit:u', { recursive: 'r', archive: 'a', force: 'f', 'target-directory': 't' })
  if (!options) return 1
  const operands = [...options.operands]
  const target = options.values.get('t') ?? operands.pop()
  if (target === undefined || operands.length === 0) return needsOperand(context)
  const recursive = options.flags.has('r') || options.flags.has('R') || options.flags.has('a')
  const into = context.files.find(context.path(target))?.kind === 'directory'
  if (operands.length > 1 && !into) {
    await complain(context, `target '${target}' is not a directory`)
    return 1
  }
  return each(
    context,
    operands,
    (operand, error) => (error.code === 'EISDIR' && !recursive ? (isBusybox(context) ? `omitting directory '${operand}'` : `-r not specified; omitting directory '${operand}'`) : isBusybox(context) ? (error.path === context.path(operand) ? `can't stat '${operand}': ${error.message}` : `can't create '${error.path}': ${error.message}`) : error.path === context.path(operand) ? `cannot stat '${operand}': ${error.message}` : `cannot create regular file '${target}': ${error.message}`),
    (operand) => {
      const path = context.path(operand)
      const inode = context.files.get(path)
      if (inode.kind === 'directory' && !recursive) throw new FileError('EISDIR', path)
      // A file that may not be read is refused here, before anything is made.
      if (inode.kind === 'file' && inode.program === undefined) context.files.read(path)
      const destination = into ? joinPath(context.path(target), baseName(operand)) : context.path(target)
      if (options.flags.has('n') && context.files.exists(destination)) return
      copyTree(context, operand.endsWith('/.') && inode.kind === 'directory' ? inode : inode, operand.endsWith('/.') || operand === '.' ? context.path(target) : destination)
    },
  )
}

export const mv: Program = async (context) => {
  const options = await readOptions(context, 'fnivT')
  if (!options) return 1
  const operands = [...options.operands]
  const target = operands.pop()
  if (target === undefined || operands.length === 0) return needsOperand(context)
  const into = context.files.find(context.path(target))?.kind === 'directory'
  return each(
    context,
    operands,
    (operand, error) => (error.code === 'ENOENT' ? (isBusybox(context) ? `can't rename '${operand}': ${error.message}` : `cannot stat '${operand}': ${error.message}`) : isBusybox(context) ? `can't rename '${operand}': ${error.message}` : `cannot move '${operand}' to '${target}': ${error.message}`),
    (operand) => {
      const from = context.path(operand)
      const to = into ? joinPath(context.path(target), baseName(operand)) : context.path(target)
      if (options.flags.has('n') && context.files.exists(to)) return
      context.files.rename(from, to)
    },
  )
}

export const ln: Program = async (context) => {
  const options = await readOptions(context, 'sfnvrT')
  if (!options) return 1
  const [target, given] = options.operands
  if (target === undefined) return needsOperand(context)
  const name = given ?? baseName(target)
  const path = context.files.find(context.path(name))?.kind === 'directory' && !options.flags.has('n') ? joinPath(context.path(name), baseName(target)) : context.path(name)
  return each(
    context,
    [target],
    (_, error) => (isBusybox(context) ? `${name}: ${error.message}` : `failed to create ${options.flags.has('s') ? 'symbolic' : 'hard'} link '${name}': ${error.message}`),
    () => {
      if (options.flags.has('f') && context.files.find(path, false)) context.files.remove(path)
      if (options.flags.has('s')) context.files.symbolicLink(target, path)
      else context.files.hardLink(context.path(target), path)
    },
  )
}

export const touch: Program = async (context) => {
  const options = await readOptions(context, 'cd:r:t:am')
  if (!options) return 1
  if (options.operands.length === 0) return needsOperand(context)
  const given = options.values.get('d')
  const time = given === undefined ? context.clock.now() : Date.parse(given)
  return each(
    context,
    options.operands,
    (operand, error) => (isBusybox(context) ? `${operand}: ${error.message}` : `cannot touch '${operand}': ${error.message}`),
    (operand) => {
      const path = context.path(operand)
      if (context.files.exists(path)) context.files.change(path, { mtime: Number.isNaN(time) ? context.clock.now() : time })
      else if (!options.flags.has('c')) context.files.fileForWriting(path, { create: true })
    },
  )
}

export const truncate: Program = async (context) => {
  const options = await readOptions(context, 's:c')
  if (!options) return 1
  const size = sizeOf(options.values.get('s') ?? '0')
  return each(context, options.operands, (operand, error) => `${operand}: ${error.message}`, (operand) => {
    context.files.fileForWriting(context.path(operand), { create: true }).truncate(size)
  })
}

/** Works out `755`, `u+x`, `a=rw` against a mode. NaN when it is none. */
export function changedMode(text: string, mode: number): number {
  if (/^[0-7]{1,4}$/.test(text)) return parseInt(text, 8)
  let result = mode
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause)
    if (!match) return NaN
    const [, who = '', operator, what = ''] = match
    let bits = 0
    if (what.includes('r')) bits |= 4
    if (what.includes('w')) bits |= 2
    if (what.includes('x') || (what.includes('X') && (mode & 0o111) !== 0)) bits |= 1
    const groups = who === '' || who.includes('a') ? ['u', 'g', 'o'] : [...who]
    for (const group of groups) {
      const shift = { u: 6, g: 3, o: 0 }[group] ?? 0
      if (operator === '+') result |= bits << shift
      else if (operator === '-') result &= ~(bits << shift)
      else result = (result & ~(7 << shift)) | (bits << shift)
    }
  }
  return result
}

function walk(context: ProcessContext, path: string, visit: (path: string, inode: Inode) => void): void {
  const inode = context.files.get(path, false)
  visit(path, inode)
  if (inode.kind === 'directory') for (const name of context.files.list(path)) walk(context, joinPath(path, name), visit)
}

export const chmod: Program = async (context) => {
  const words = context.argv.slice(1)
  const recursive = words.some((word) => /^-[vfc]*R/.test(word) || word === '--recursive')
  const [mode, ...operands] = words.filter((word) => !/^-[RvfcR]+$/.test(word) && word !== '--recursive')
  if (mode === undefined || operands.length === 0) return needsOperand(context)
  if (Number.isNaN(changedMode(mode, 0))) {
    await complain(context, `invalid mode '${mode}'`)
    return 1
  }
  return each(
    context,
    operands,
    (operand, error) => (error.code === 'ENOENT' ? `${isBusybox(context) ? '' : 'cannot access '}${isBusybox(context) ? operand : `'${operand}'`}: ${error.message}` : `${isBusybox(context) ? operand : `changing permissions of '${operand}'`}: ${error.message}`),
    (operand) => {
      const change = (path: string, inode: Inode): void => {
        if (inode.kind !== 'link') context.files.change(path, { mode: changedMode(mode, inode.mode) })
      }
      const path = context.path(operand)
      if (recursive) walk(context, path, change)
      else change(path, context.files.get(path))
    },
  )
}

export const chown: Program = async (context) => {
  const options = await readOptions(context, 'Rvfhc', { recursive: 'R' })
  if (!options) return 1
  const [owner, ...operands] = options.operands
  if (owner === undefined || operands.length === 0) return needsOperand(context)
  const [user = '', group] = owner.split(/[:.]/)
  const number = (file: '/etc/passwd' | '/etc/group', name: string): number | undefined => {
    if (name === '') return undefined
    if (/^\d+$/.test(name)) return Number(name)
    const line = context.files.exists(file) ? context.files.readText(file).split('\n').find((each_) => each_.split(':')[0] === name) : undefined
    return line === undefined ? NaN : Number(line.split(':')[2])
  }
  const uid = number('/etc/passwd', user)
  const gid = number('/etc/group', group ?? '')
  if (Number.isNaN(uid) || Number.isNaN(gid)) {
    await complain(context, isBusybox(context) ? `unknown user ${user}` : `invalid user: '${owner}'`)
    return 1
  }
  return each(context, operands, (operand, error) => (isBusybox(context) ? `${operand}: ${error.message}` : `changing ownership of '${operand}': ${error.message}`), (operand) => {
    const change = (path: string): void => {
      if (context.userId !== 0) throw new FileError('EPERM', path)
      context.files.change(path, { uid, gid })
    }
    if (options.flags.has('R')) walk(context, context.path(operand), change)
    else change(context.path(operand))
  })
}

export const readlink: Program = async (context) => {
  const options = await readOptions(context, 'fenmqsv')
  if (!options) return 1
  for (const operand of options.operands) {
    const path = context.path(operand)
    if (options.flags.has('f') || options.flags.has('e') || nameOf(context) === 'realpath') {
      const parent = directoryName(path)
      if (context.files.exists(path)) await context.stdout.write(`${context.files.realPath(path)}\n`)
      else if (!options.flags.has('e') && context.files.exists(parent)) await context.stdout.write(`${joinPath(context.files.realPath(parent), baseName(path))}\n`)
      else {
        if (nameOf(context) === 'realpath') await complain(context, `${operand}: No such file or directory`)
        return 1
      }
      continue
    }
    const inode = context.files.find(path, false)
    if (!(inode instanceof LinkInode)) return 1
    await context.stdout.write(inode.target + (options.flags.has('n') ? '' : '\n'))
  }
  return 0
}

export const basename: Program = async (context) => {
  const [path, suffix] = context.argv.slice(1)
  if (path === undefined) return needsOperand(context)
  let name = baseName(path)
  if (suffix !== undefined && name.endsWith(suffix) && name !== suffix) name = name.slice(0, -suffix.length)
  await context.stdout.write(`${name}\n`)
  return 0
}

export const dirname: Program = async (context) => {
  for (const path of context.argv.slice(1)) await context.stdout.write(`${directoryName(path)}\n`)
  return context.argv.length > 1 ? 0 : needsOperand(context)
}

export const stat: Program = async (context) => {
  const options = await readOptions(context, 'c:tfL', { format: 'c', printf: 'c' })
  if (!options) return 1
  const format = options.values.get('c')
  return each(
    context,
    options.operands,
    (operand, error) => (isBusybox(context) ? `can't stat '${operand}': ${error.message}` : `cannot statx '${operand}': ${error.message}`),
    async (operand) => {
      const path = context.path(operand)
      const inode = context.files.get(path, options.flags.has('L'))
      const kind = { file: inode.kind === 'file' && inode.size === 0 ? 'regular empty file' : 'regular file', directory: 'directory', link: 'symbolic link', device: 'character special file' }[inode.kind]
      const user = accountName(context, '/etc/passwd', inode.uid)
      const group = accountName(context, '/etc/group', inode.gid)
      const time = `${new Date(inode.mtime).toISOString().replace('T', ' ').replace('Z', '000000')} +0000`
      if (format !== undefined) {
        const values: Record<string, string> = { n: operand, s: String(sizeOfInode(inode)), a: inode.mode.toString(8), A: modeText(inode), u: String(inode.uid), g: String(inode.gid), U: user, G: group, F: kind, i: String(inodeNumber(path)), Y: String(Math.floor(inode.mtime / 1000)), y: time, h: '1', N: `'${operand}'` }
        await context.stdout.write(`${format.replace(/%(\w)/g, (_, letter: string) => values[letter] ?? '?')}\n`)
        return
      }
      await context.stdout.write(
        `  File: ${operand}${inode.kind === 'link' ? ` -> ${inode.target}` : ''}\n  Size: ${String(sizeOfInode(inode)).padEnd(10)}\tBlocks: ${String(Math.ceil(sizeOfInode(inode) / 512)).padEnd(10)} IO Block: 4096   ${kind}\nDevice: 0,52\tInode: ${inodeNumber(path)}      Links: 1\nAccess: (0${inode.mode.toString(8)}/${modeText(inode)})  Uid: (${String(inode.uid).padStart(5)}/${user.padStart(8)})   Gid: (${String(inode.gid).padStart(5)}/${group.padStart(8)})\nAccess: ${time}\nModify: ${time}\nChange: ${time}\n`,
      )
    },
  )
}

export const du: Program = async (context) => {
  const options = await readOptions(context, 'shakmcd:x', { 'max-depth': 'd', summarize: 's', 'human-readable': 'h' })
  if (!options) return 1
  const { flags } = options
  const depthMax = flags.has('s') ? 0 : Number(options.values.get('d') ?? Infinity)
  const shown = (bytes: number): string => (flags.has('h') ? humanSize(bytes) : String(flags.has('m') ? Math.ceil(bytes / 1_048_576) : Math.ceil(bytes / 1024)))
  return each(context, options.operands.length > 0 ? options.operands : ['.'], (operand, error) => (isBusybox(context) ? `${operand}: ${error.message}` : `cannot access '${operand}': ${error.message}`), async (operand) => {
    const lines: string[] = []
    const measure = (path: string, name: string, depth: number): number => {
      const inode = context.files.get(path, false)
      let size = inode.kind === 'file' ? Math.ceil(inode.size / 4096) * 4096 : inode.kind === 'directory' ? 4096 : 0
      if (inode.kind === 'directory' && !path.startsWith('/proc')) for (const child of context.files.list(path)) size += measure(joinPath(path, child), joinPath(name, child), depth + 1)
      if (depth <= depthMax && (inode.kind === 'directory' || flags.has('a') || depth === 0)) lines.push(`${shown(size)}\t${name}\n`)
      return size
    }
    measure(context.path(operand), operand, 0)
    await context.stdout.write(lines.join(''))
  })
}

export const df: Program = async (context) => {
  const options = await readOptions(context, 'hkmTiaP')
  if (!options) return 1
  const human = options.flags.has('h')
  const gibibyte = 1024 ** 3
  const rows: (readonly [string, string, number, number, string])[] = [['overlay', 'overlay', 58 * gibibyte, 14 * gibibyte, '/']]
  for (const [path, mount] of context.files.mounts) {
    if (mount.type === 'proc' || mount.type === 'sysfs') continue
    if (mount.type === 'tmpfs') rows.push(['tmpfs', 'tmpfs', path === '/dev' ? 64 * 1_048_576 : Math.round(context.limits.machineMemoryBytes), 0, path])
    else rows.push(['/dev/vda1', 'ext4', 58 * gibibyte, 14 * gibibyte, path])
  }
  const wanted = options.operands.map((operand) => context.path(operand))
  const chosen = wanted.length === 0 ? rows : wanted.map((path) => rows.filter((row) => path === row[4] || path.startsWith(row[4] === '/' ? '/' : `${row[4]}/`)).at(-1)!)
  const size = (bytes: number): string => (human ? humanSize(bytes) : String(Math.round(bytes / 1024)))
  await context.stdout.write(`${'Filesystem'.padEnd(20)} ${human ? '     Size      Used Available' : '1K-blocks      Used Available'} Use% Mounted on\n`)
  for (const [device, , total, used, path] of chosen) {
    await context.stdout.write(`${device.padEnd(20)} ${size(total).padStart(9)} ${size(used).padStart(9)} ${size(total - used).padStart(9)} ${`${Math.round((used / total) * 100)}%`.padStart(4)} ${path}\n`)
  }
  return 0
}

export const mktemp: Program = async (context) => {
  const options = await readOptions(context, 'dqup:t')
  if (!options) return 1
  const template = options.operands[0] ?? 'tmp.XXXXXXXXXX'
  const base = options.values.get('p') ?? (options.operands[0] === undefined || options.flags.has('t') ? (context.env.get('TMPDIR') ?? '/tmp') : '')
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  const name = template.replace(/X+$/, (run) => Array.from(run, () => context.random.pick([...alphabet])).join(''))
  const shown = base === '' ? name : joinPath(base, name)
  const path = context.path(shown)
  if (!options.flags.has('u')) {
    if (options.flags.has('d')) context.files.makeDirectory(path, { mode: 0o700 })
    else context.files.fileForWriting(path, { create: true, mode: 0o600 })
  }
  await context.stdout.write(`${shown}\n`)
  return 0
}

export const dd: Program = async (context) => {
  const given = new Map(context.argv.slice(1).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
  const block = sizeOf(given.get('bs') ?? given.get('ibs') ?? '512')
  const count = given.has('count') ? Number(given.get('count')) : Infinity
  const input = given.has('if') ? openPath(context, given.get('if')!, 'read') : context.descriptors[0]
  const output = given.has('of') ? openPath(context, given.get('of')!, 'write') : context.descriptors[1]
  const startedAt = context.clock.now()
  let total = 0
  let blocks = 0
  let pending = 0
  while (blocks < count && input) {
    const bytes = await input.read(block - pending)
    if (!bytes) break
    const room = output?.write(bytes)
    if (room) await room
    const pause = context.work(0.01 + bytes.length / 800_000)
    if (pause) await pause
    total += bytes.length
    pending += bytes.length
    if (pending >= block) {
      blocks++
      pending = 0
    }
  }
  const seconds = Math.max(0.000001, (context.clock.now() - startedAt) / 1000)
  await context.stderr.write(`${blocks}+${pending > 0 ? 1 : 0} records in\n${blocks}+${pending > 0 ? 1 : 0} records out\n${total} bytes (${humanSize(total)}B) copied, ${seconds.toFixed(6)} seconds, ${humanSize(total / seconds)}B/s\n`)
  return 0
}

export const mount: Program = async (context) => {
  if (context.argv.length > 1 && nameOf(context) === 'mount' && !context.argv.includes('-l')) {
    await complain(context, isBusybox(context) ? `permission denied (are you root?)` : 'must be superuser to use mount')
    return 1
  }
  const lines = ['overlay on / type overlay (rw,relatime)']
  for (const [path, point] of context.files.mounts) lines.push(`${point.type === 'ext4' ? '/dev/vda1' : point.type} on ${path} type ${point.type} (${point.readOnly ? 'ro' : 'rw'},relatime)`)
  await context.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

export function isBusybox(context: ProcessContext): boolean {
  return context.files.find('/bin/busybox') !== undefined
}
