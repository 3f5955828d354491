import { FileError } from '../files/file-error.ts'
import type { Inode } from '../files/inode.ts'
import { directoryName, joinPath } from '../files/path.ts'
import { openPath } from '../processes/open-path.ts'
import { joinBytes } from './http1.ts'
import { accountName, modeText } from './ls.ts'
import { gunzip, GzipWriter, isGzip } from './gzip.ts'
import { readOptions } from './options.ts'
import type { ProcessContext, Program } from './program.ts'
import { complain, openInput, readAll } from './text-input.ts'

const block = 512
const unzippedMax = 256 * 1024 * 1024
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** tar, also gzipped: c, x, t with f, z, C, v, m, O, -T, --exclude, --strip-components; what `kubectl cp` needs. */
export const tar: Program = async (context) => {
  const given = context.argv.slice(1)
  const words = given[0] !== undefined && !given[0].startsWith('-') ? [`-${given[0]}`, ...given.slice(1)] : given
  const options = await readOptions(context, 'cxtf:C:vmOpzjhkoT:X:1:', { create: 'c', extract: 'x', list: 't', file: 'f', directory: 'C', verbose: 'v', exclude: 'X', 'strip-components': '1', 'no-same-owner': 'o', gzip: 'z', touch: 'm', 'to-stdout': 'O' }, false, words)
  if (!options) return 1
  const { flags, values } = options
  if (flags.has('j')) {
    await complain(context, 'bzip2: Cannot exec: No such file or directory')
    return 1
  }
  const base = values.has('C') ? context.path(values.get('C')!) : context.cwd
  const file = values.get('f') ?? '-'
  if (flags.has('c')) return create(context, base, file, options.operands, { verbose: flags.has('v'), gzip: flags.has('z'), excluded: options.all.get('X') ?? [] })
  if (!flags.has('x') && !flags.has('t')) {
    await complain(context, 'must specify one of -c, -x, or -t')
    return 1
  }
  if (flags.has('x') && context.files.find(base)?.kind !== 'directory') {
    await complain(context, `can't change directory to '${values.get('C')}': No such file or directory`)
    return 1
  }
  let data: Uint8Array
  try {
    data = await readAll(openInput(context, file))
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    await complain(context, `can't open '${file}': ${error.message}`)
    return 1
  }
  if (isGzip(data)) {
    const plain = gunzip(data, unzippedMax)
    if (!plain) {
      await complain(context, context.files.find('/bin/busybox') ? 'short read' : 'Child returned status 1\ntar: Error is not recoverable: exiting now')
      return 2
    }
    data = plain
  }
  return unpack(context, data, base, { list: flags.has('t'), verbose: flags.has('v'), toStdout: flags.has('O'), strip: Number(values.get('1') ?? 0), wanted: options.operands })
}

async function create(context: ProcessContext, base: string, file: string, names: readonly string[], { verbose, gzip, excluded }: { readonly verbose: boolean; readonly gzip: boolean; readonly excluded: readonly string[] }): Promise<number> {
  const output = file === '-' ? context.descriptors[1] : openPath(context, file, 'write')
  let code = 0
  const zipped = gzip ? new GzipWriter() : undefined
  const put = async (plain: Uint8Array): Promise<void> => {
    const bytes = zipped ? zipped.wrap(plain) : plain
    const room = output?.write(bytes)
    if (room) await room
    const pause = context.work(0.005 + bytes.length / 500_000)
    if (pause) await pause
  }
  if (zipped) await output?.write(zipped.begin())
  const add = async (name: string): Promise<void> => {
    if (excluded.some((pattern) => name === pattern || name.endsWith(`/${pattern}`))) return
    const path = name.startsWith('/') ? name : joinPath(base, name)
    const inode = context.files.get(path.replace(/(.)\/+$/, '$1'), false)
    const stored = name.replace(/^\/+/, '')
    if (stored !== '') {
      if (verbose) await (file === '-' ? context.stderr : context.stdout).write(`${stored}\n`)
      for (const bytes of entry(context, stored, inode)) await put(bytes)
    }
    if (inode.kind === 'directory') for (const child of context.files.list(path)) await add(name === '.' ? `./${child}` : joinPath(name, child))
  }
  if (names.some((name) => name.startsWith('/'))) await complain(context, context.files.find('/bin/busybox') ? "removing leading '/' from member names" : "Removing leading `/' from member names")
  for (const name of names) {
    try {
      await add(name)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, `${name}: ${error.code === 'ENOENT' ? 'Cannot stat: No such file or directory' : error.message}`)
      code = 2
    }
  }
  await put(new Uint8Array(2 * block))
  if (zipped) await output?.write(zipped.end())
  if (code !== 0) await complain(context, 'Exiting with failure status due to previous errors')
  return code
}

/** Header, contents and padding of one member; names beyond 100 bytes get a GNU long-name member before it. */
function entry(context: ProcessContext, name: string, inode: Inode): Uint8Array[] {
  const shown = inode.kind === 'directory' ? `${name.replace(/\/$/, '')}/` : name
  const content = inode.kind === 'file' ? (inode.program === undefined ? inode.bytes().slice() : new Uint8Array(0)) : new Uint8Array(0)
  const parts: Uint8Array[] = []
  if (encoder.encode(shown).length > 100) {
    const long = encoder.encode(`${shown}\0`)
    parts.push(header('././@LongLink', { mode: 0o644, uid: 0, gid: 0, mtime: 0 }, long.length, 'L', ''), padded(long))
  }
  const kind = inode.kind === 'directory' ? '5' : inode.kind === 'link' ? '2' : '0'
  parts.push(header(shown, inode, content.length, kind, inode.kind === 'link' ? inode.target : '', accountName(context, '/etc/passwd', inode.uid), accountName(context, '/etc/group', inode.gid)))
  if (content.length > 0) parts.push(padded(content))
  return parts
}

function padded(bytes: Uint8Array): Uint8Array {
  return joinBytes([bytes, new Uint8Array((block - (bytes.length % block)) % block)])
}

function header(name: string, attributes: { readonly mode: number; readonly uid: number; readonly gid: number; readonly mtime: number }, size: number, kind: string, target: string, user = 'root', group = 'root'): Uint8Array {
  const bytes = new Uint8Array(block)
  const text = (at: number, value: string, length: number): void => bytes.set(encoder.encode(value).subarray(0, length), at)
  const octal = (at: number, value: number, length: number): void => text(at, `${Math.floor(value).toString(8).padStart(length - 1, '0')}\0`, length)
  text(0, name, 100)
  octal(100, attributes.mode & 0o7777, 8)
  octal(108, attributes.uid, 8)
  octal(116, attributes.gid, 8)
  octal(124, size, 12)
  octal(136, Math.max(0, attributes.mtime / 1000), 12)
  text(148, '        ', 8)
  text(156, kind, 1)
  text(157, target, 100)
  text(257, 'ustar\x0000', 8)
  text(265, user, 32)
  text(297, group, 32)
  let sum = 0
  for (const byte of bytes) sum += byte
  text(148, `${sum.toString(8).padStart(6, '0')}\0 `, 8)
  return bytes
}

async function unpack(
  context: ProcessContext,
  data: Uint8Array,
  base: string,
  options: { readonly list: boolean; readonly verbose: boolean; readonly toStdout: boolean; readonly strip: number; readonly wanted: readonly string[] },
): Promise<number> {
  let at = 0
  let code = 0
  let longName: string | undefined
  const field = (offset: number, length: number): string => decoder.decode(data.subarray(at + offset, at + offset + length)).replace(/\0[\s\S]*$/, '')
  while (at + block <= data.length && data[at] !== 0) {
    const size = parseInt(field(124, 12).trim() || '0', 8)
    const kind = field(156, 1)
    const prefix = field(345, 155)
    const mode = parseInt(field(100, 8).trim() || '644', 8)
    const mtime = parseInt(field(136, 12).trim() || '0', 8) * 1000
    const target = field(157, 100)
    const content = data.subarray(at + block, at + block + size)
    let name = longName ?? (prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`)
    longName = undefined
    at += block + Math.ceil(size / block) * block
    if (kind === 'L') {
      longName = decoder.decode(content).replace(/\0[\s\S]*$/, '')
      continue
    }
    if (kind === 'x' || kind === 'g') {
      const path = /\d+ path=([^\n]*)\n/.exec(decoder.decode(content))?.[1]
      if (path !== undefined) longName = path
      continue
    }
    if (options.wanted.length > 0 && !options.wanted.some((wanted) => name === wanted || name.startsWith(`${wanted.replace(/\/$/, '')}/`))) continue
    if (options.list) {
      await context.stdout.write(options.verbose ? `${modeText({ kind: kind === '5' ? 'directory' : kind === '2' ? 'link' : 'file', mode } as Inode)} root/root ${String(size).padStart(9)} ${new Date(mtime).toISOString().slice(0, 16).replace('T', ' ')} ${name}\n` : `${name}\n`)
      continue
    }
    name = name.replace(/^\/+/, '').split('/').slice(options.strip).join('/')
    if (name === '' || name === './' || name === '.') continue
    if (options.verbose) await context.stdout.write(`${name}\n`)
    if (options.toStdout) {
      await context.stdout.write(content.slice())
      continue
    }
    try {
      extract(context, joinPath(base, name.replace(/^\.\//, '').replace(/\/$/, '')), kind, content.slice(), mode, mtime, target)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, context.files.find('/bin/busybox') ? `can't open '${name}': ${error.message}` : `${name}: Cannot open: ${error.message}`)
      code = context.files.find('/bin/busybox') ? 1 : 2
    }
    const pause = context.work(0.02 + size / 200_000)
    if (pause) await pause
  }
  if (code === 2) await complain(context, 'Exiting with failure status due to previous errors')
  return code
}

function extract(context: ProcessContext, path: string, kind: string, content: Uint8Array, mode: number, mtime: number, target: string): void {
  const { files } = context
  const parent = directoryName(path)
  if (!files.exists(parent)) files.makeDirectory(parent, { parents: true })
  if (kind === '5') {
    if (files.find(path)?.kind !== 'directory') files.makeDirectory(path, { mode })
    return
  }
  const existing = files.find(path, false)
  if (existing && existing.kind !== 'directory') files.remove(path)
  if (kind === '2') files.symbolicLink(target, path)
  else if (kind === '1') files.hardLink(context.path(target), path)
  else {
    files.write(path, content, { mode })
    files.change(path, { mode, mtime })
  }
}

