import type { ProcessContext, Program } from '../program.ts'
import { readText } from '../text-input.ts'
import type { Value } from './database.ts'
import { LineInput } from './line-input.ts'
import { statementsOf } from './tokens.ts'
import { openSql, SqlSession, type SqlFailure } from './wire.ts'

interface PsqlOptions {
  host: string
  port: number
  user: string
  database: string
  readonly commands: string[]
  tuplesOnly: boolean
  unaligned: boolean
  quiet: boolean
  list: boolean
}

const valued: Readonly<Record<string, string>> = { h: 'h', host: 'h', p: 'p', port: 'p', U: 'U', username: 'U', d: 'd', dbname: 'd', c: 'c', command: 'c', f: 'f', file: 'f', v: 'v', t: 'timeout' }

function readWords(context: ProcessContext, ready = false): PsqlOptions {
  const user = context.env.get('PGUSER') ?? (ready ? 'postgres' : 'root')
  const options: PsqlOptions = { host: context.env.get('PGHOST') ?? '', port: Number(context.env.get('PGPORT') ?? 5432), user, database: context.env.get('PGDATABASE') ?? '', commands: [], tuplesOnly: false, unaligned: false, quiet: false, list: false }
  const words = context.argv.slice(1)
  const operands: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const match = /^--([\w-]+)(?:=(.*))?$/s.exec(word) ?? /^-(\w)(.*)$/s.exec(word)
    const key = match && (match[1] !== 't' || ready) ? valued[match[1]!] : undefined
    if (match && key) {
      const value = match[2] !== undefined && match[2] !== '' ? match[2] : (words[++at] ?? '')
      if (key === 'h') options.host = value
      else if (key === 'p') options.port = Number(value)
      else if (key === 'U') options.user = value
      else if (key === 'd') options.database = value
      else if (key === 'c') options.commands.push(value)
      else if (key === 'f') options.commands.push(context.files.readText(context.path(value)))
    } else if (word.startsWith('-')) {
      if (/^-\w*t|--tuples-only/.test(word)) options.tuplesOnly = true
      if (/^-\w*A|--no-align/.test(word)) options.unaligned = true
      if (/^-\w*q|--quiet/.test(word)) options.quiet = true
      if (/^-\w*l|--list/.test(word)) options.list = true
      const combined = /^-[tAqX]+c$/.test(word)
      if (combined) options.commands.push(words[++at] ?? '')
    } else operands.push(word)
  }
  const url = /^postgres(?:ql)?:\/\/([^:@]+)(?::([^@]*))?@([^:/]+)(?::(\d+))?\/(\w+)/.exec(operands[0] ?? '')
  if (url) {
    options.user = url[1]!
    options.host = url[3]!
    options.port = Number(url[4] ?? 5432)
    options.database = url[5]!
  } else {
    options.database ||= operands[0] ?? ''
    options.user = operands[1] ?? options.user
  }
  options.database ||= options.user
  return options
}

function failureText(failure: SqlFailure, port: number): string {
  if (failure.kind === 'unresolved') return `could not translate host name "${failure.host}" to address: Name or service not known`
  if (failure.host === '') return `connection to server on socket "/var/run/postgresql/.s.PGSQL.${port}" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?`
  return `connection to server at "${failure.host}" (${failure.address}), port ${port} failed: Connection ${failure.kind === 'timeout' ? 'timed out' : 'refused'}\n\tIs the server running on that host and accepting TCP/IP connections?`
}

/** psql: statements from -c, -f, standard input or at a prompt, with `\l`, `\dt`, `\d`, `\c`, `\q`. */
export const psql: Program = async (context) => {
  if (context.argv.includes('--version') || context.argv.includes('-V')) {
    await context.stdout.write(`psql (PostgreSQL) ${(context.settings as { readonly version: string }).version}\n`)
    return 0
  }
  const options = readWords(context)
  const url = /^postgres(?:ql)?:\/\/[^:@]+:([^@]*)@/.exec(context.argv.at(-1) ?? '')
  const password = url?.[1] ?? context.env.get('PGPASSWORD') ?? ''
  const connect = async (database: string): Promise<SqlSession | string> => {
    const session = await openSql(context, options.host, options.port)
    if (!(session instanceof SqlSession)) return failureText(session, options.port)
    const reply = await session.ask({ user: options.user, password, database, local: options.host === '' })
    if (reply?.ok) return session
    const where = options.host === '' ? `on socket "/var/run/postgresql/.s.PGSQL.${options.port}"` : `at "${options.host}", port ${options.port}`
    return reply && reply.message === 'no password supplied' ? `connection to server ${where} failed: fe_sendauth: no password supplied` : `connection to server ${where} failed: FATAL:  ${reply?.message ?? 'the database system is shutting down'}`
  }
  const opened = await connect(options.database)
  if (typeof opened === 'string') {
    await context.stderr.write(`psql: error: ${opened}\n`)
    return 2
  }
  let session = opened
  const run = async (statement: string): Promise<boolean> => {
    const meta = /^\\(\w+)\s*(.*)$/.exec(statement)
    if (meta?.[1] === 'c' || meta?.[1] === 'connect') {
      const next = await connect(meta[2]!.trim())
      if (typeof next === 'string') {
        await context.stderr.write(`\\connect: ${next}\nPrevious connection kept\n`)
        return false
      }
      session.close()
      session = next
      options.database = meta[2]!.trim()
      await context.stdout.write(`You are now connected to database "${options.database}" as user "${options.user}".\n`)
      return true
    }
    const sql = meta ? { l: 'SHOW DATABASES', list: 'SHOW DATABASES', dt: 'SHOW TABLES', d: meta[2] ? `DESCRIBE ${meta[2]}` : 'SHOW TABLES' }[meta[1]!] : statement
    if (sql === undefined) {
      await context.stderr.write(`invalid command ${statement.split(/\s/)[0]}\nTry \\? for help.\n`)
      return false
    }
    const reply = await session.ask({ statement: sql })
    if (!reply?.ok) {
      await context.stderr.write(reply ? `ERROR:  ${reply.message}\n` : 'server closed the connection unexpectedly\n')
      return false
    }
    const { columns, rows, tag } = reply.outcome
    if (!columns || !rows) {
      if (!options.quiet) await context.stdout.write(`${tag}\n`)
      return true
    }
    const titles = meta ? columns.map((title) => ({ Database: 'Name' })[title] ?? title.replace(/^Tables_in_.*$/, 'Name').replace('Field', 'Column')) : columns
    await context.stdout.write(tableText(titles, rows, options))
    return true
  }
  if (options.list) options.commands.push('\\l')
  if (options.commands.length > 0 || !context.descriptors[0]?.terminal) {
    const texts = options.commands.length > 0 ? options.commands : [await readText(context.stdin)]
    let failed = false
    for (const text of texts) for (const statement of pieces(text)) failed = !(await run(statement)) || failed
    return failed && options.commands.length > 0 ? 1 : 0
  }
  await context.stdout.write(`psql (${(context.settings as { readonly version: string }).version})\nType "help" for help.\n\n`)
  const input = new LineInput(context)
  let pending = ''
  for (;;) {
    await context.stdout.write(`${options.database}${pending === '' ? '=' : '-'}# `)
    const line = await input.next()
    if (line === undefined || /^\s*(?:\\q|exit|quit)\s*;?\s*$/.test(line)) return 0
    if (pending === '' && line.trimStart().startsWith('\\')) {
      await run(line.trim())
      continue
    }
    const { statements, rest } = statementsOf(`${pending}${line}\n`)
    pending = rest
    for (const statement of statements) await run(statement)
  }
}

function pieces(text: string): string[] {
  if (text.trimStart().startsWith('\\')) return text.trim().split('\n')
  const { statements, rest } = statementsOf(text)
  return rest === '' ? [...statements] : [...statements, rest]
}

function tableText(columns: readonly string[], rows: readonly (readonly Value[])[], options: PsqlOptions): string {
  const cells = rows.map((row) => row.map((value) => (value === null ? '' : String(value))))
  if (options.unaligned) return [...(options.tuplesOnly ? [] : [columns]), ...cells].map((row) => `${row.join('|')}\n`).join('') + (options.tuplesOnly ? '' : `(${rows.length} row${rows.length === 1 ? '' : 's'})\n`)
  const widths = columns.map((title, index) => Math.max(options.tuplesOnly ? 0 : title.length, ...cells.map((row) => row[index]!.length)))
  const numeric = columns.map((_, index) => rows.length > 0 && rows.every((row) => typeof row[index] === 'number' || row[index] === null))
  const centred = (text: string, width: number): string => text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width)
  const body = cells.map((row) => ` ${row.map((cell, index) => (numeric[index] ? cell.padStart(widths[index]!) : index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join(' | ')}\n`).join('')
  if (options.tuplesOnly) return `${body}\n`
  return ` ${columns.map((title, index) => centred(title, widths[index]!)).join(' | ')} \n${widths.map((width) => '-'.repeat(width + 2)).join('+')}\n${body}(${rows.length} row${rows.length === 1 ? '' : 's'})\n\n`
}

/** pg_isready: whether a server accepts connections, as probes ask. */
export const pgIsReady: Program = async (context) => {
  const options = readWords(context, true)
  const session = await openSql(context, options.host, options.port)
  const where = `${options.host === '' ? '/var/run/postgresql' : options.host}:${options.port}`
  const ready = session instanceof SqlSession
  await context.stdout.write(`${where} - ${ready ? 'accepting connections' : 'no response'}\n`)
  return ready ? 0 : 2
}
