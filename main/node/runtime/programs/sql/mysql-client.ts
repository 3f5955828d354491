import type { ProcessContext, Program } from '../program.ts'
import { nameOf, readText } from '../text-input.ts'
import { LineInput } from './line-input.ts'
import { statementsOf } from './tokens.ts'
import { openSql, SqlSession, type SqlReply } from './wire.ts'

interface ClientOptions {
  host: string
  port: number
  user: string
  password: string | undefined
  askPassword: boolean
  database: string
  execute: string | undefined
  names: boolean
  operands: string[]
}

const long: Readonly<Record<string, 'host' | 'port' | 'user' | 'database' | 'execute'>> = { host: 'host', port: 'port', user: 'user', database: 'database', execute: 'execute', h: 'host', P: 'port', u: 'user', D: 'database', e: 'execute' }

function readWords(context: ProcessContext): ClientOptions {
  const options: ClientOptions = { host: context.env.get('MYSQL_HOST') ?? '', port: 3306, user: 'root', password: context.env.get('MYSQL_PWD'), askPassword: false, database: '', execute: undefined, names: true, operands: [] }
  const words = context.argv.slice(1)
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const match = /^--([\w-]+)(?:=(.*))?$/s.exec(word) ?? /^-([hPuDe])(.*)$/s.exec(word)
    const key = match && long[match[1]!]
    if (/^(?:-p|--password)$/.test(word)) options.askPassword = true
    else if (/^(?:-p|--password=)/.test(word)) options.password = word.replace(/^(?:-p|--password=)/, '')
    else if (word === '-N' || word === '--skip-column-names') options.names = false
    else if (key) {
      const value = match[2] !== undefined && match[2] !== '' ? match[2] : (words[++at] ?? '')
      if (key === 'port') options.port = Number(value)
      else options[key] = value
    } else if (!word.startsWith('-')) options.operands.push(word)
  }
  return options
}

async function connect(context: ProcessContext, options: ClientOptions): Promise<SqlSession | number> {
  if (options.askPassword && options.password === undefined) {
    const { terminal } = context
    await context.stderr.write('Enter password: ')
    if (terminal) terminal.echo = false
    options.password = (await new LineInput(context).next()) ?? ''
    if (terminal) terminal.echo = true
    await context.stderr.write('\n')
  }
  const session = await openSql(context, options.host, options.port)
  const local = options.host === '' || options.host === 'localhost'
  if (!(session instanceof SqlSession)) {
    if (session.kind === 'unresolved') await context.stderr.write(`ERROR 2005 (HY000): Unknown MySQL server host '${session.host}' (-2)\n`)
    else if (local) await context.stderr.write("ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n")
    else await context.stderr.write(`ERROR 2003 (HY000): Can't connect to MySQL server on '${session.host}:${options.port}' (${session.kind === 'timeout' ? 110 : 111})\n`)
    return 1
  }
  const reply = await session.ask({ user: options.user, password: options.password ?? '', database: options.database || options.operands[0] || '', local })
  if (reply?.ok) return session
  await context.stderr.write(reply ? errorLine(reply) : 'ERROR 2013 (HY000): Lost connection to MySQL server at \'reading initial communication packet\', system error: 0\n')
  return 1
}

function errorLine(reply: SqlReply & { ok: false }): string {
  return `ERROR ${reply.code} (${reply.state}): ${reply.message}\n`
}

/** mysql and mariadb: statements from -e, from standard input or at a prompt. */
export const mysql: Program = async (context) => {
  const options = readWords(context)
  if (context.argv.includes('--version') || context.argv.includes('-V')) {
    await context.stdout.write(`${nameOf(context)}  Ver ${(context.settings as { readonly version: string }).version} for Linux on x86_64 (MySQL Community Server - GPL)\n`)
    return 0
  }
  const session = await connect(context, options)
  if (!(session instanceof SqlSession)) return session
  const framed = context.descriptors[1]?.terminal !== undefined
  if (options.execute !== undefined || !context.descriptors[0]?.terminal) {
    const text = options.execute ?? (await readText(context.stdin))
    const { statements, rest } = statementsOf(text)
    for (const statement of [...statements, ...(rest === '' ? [] : [rest])]) if (!(await runOne(context, session, statement, framed, options.names, false))) return 1
    return 0
  }
  const maria = nameOf(context).startsWith('maria')
  await context.stdout.write(`Welcome to the ${maria ? 'MariaDB' : 'MySQL'} monitor.  Commands end with ; or \\g.\nYour ${maria ? 'MariaDB' : 'MySQL'} connection id is 8\nServer version: ${(context.settings as { readonly version: string }).version}\n\nType 'help;' or '\\h' for help. Type '\\c' to clear the current input statement.\n\n`)
  const input = new LineInput(context)
  let pending = ''
  const prompt = maria ? 'MariaDB> ' : 'mysql> '
  for (;;) {
    await context.stdout.write(pending === '' ? prompt : '-> '.padStart(prompt.length))
    const line = await input.next()
    if (line === undefined || /^\s*(?:exit|quit|\\q)\s*;?\s*$/i.test(line)) break
    if (/\\c\s*$/.test(line)) {
      pending = ''
      continue
    }
    const { statements, rest } = statementsOf(`${pending}${line.replace(/\\[gG]\s*$/, ';')}\n`)
    // `use NAME` needs no semicolon.
    const ready = pending === '' && /^\s*use\s+\S+\s*$/i.test(line) ? [line.trim()] : statements
    pending = ready === statements ? rest : ''
    for (const statement of ready) await runOne(context, session, statement, true, true, true)
  }
  await context.stdout.write('Bye\n')
  return 0
}

async function runOne(context: ProcessContext, session: SqlSession, statement: string, framed: boolean, names: boolean, chatty: boolean): Promise<boolean> {
  const reply = await session.ask({ statement })
  if (!reply?.ok) {
    await context.stderr.write(reply ? (chatty ? errorLine(reply) : errorLine(reply).replace(': ', ' at line 1: ')) : 'ERROR 2013 (HY000): Lost connection to MySQL server during query\n')
    return false
  }
  const { columns, rows, affected } = reply.outcome
  if (!columns || !rows) {
    if (chatty) await context.stdout.write(reply.outcome.database === undefined ? `Query OK, ${affected} row${affected === 1 ? '' : 's'} affected (0.01 sec)\n\n` : 'Database changed\n')
    return true
  }
  const cells = rows.map((row) => row.map((value) => (value === null ? 'NULL' : String(value))))
  if (!framed) {
    await context.stdout.write([...(names && rows.length > 0 ? [columns] : []), ...cells].map((row) => `${row.join('\t')}\n`).join(''))
    return true
  }
  if (rows.length > 0) {
    const widths = columns.map((title, index) => Math.max(title.length, ...cells.map((row) => row[index]!.length)))
    const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`
    const numeric = columns.map((_, index) => rows.every((row) => row[index] === null || typeof row[index] === 'number'))
    const shown = (row: readonly string[], head: boolean): string => `|${row.map((cell, index) => ` ${!head && numeric[index] ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!)} `).join('|')}|\n`
    await context.stdout.write(`${rule}${shown(columns, true)}${rule}${cells.map((row) => shown(row, false)).join('')}${rule}`)
  }
  if (chatty) await context.stdout.write(rows.length === 0 ? 'Empty set (0.00 sec)\n\n' : `${rows.length} row${rows.length === 1 ? '' : 's'} in set (0.00 sec)\n\n`)
  return true
}

/** mysqladmin: ping and status, as probes use them. */
export const mysqlAdmin: Program = async (context) => {
  const options = readWords(context)
  const [command = ''] = options.operands
  const session = await openSql(context, options.host, options.port)
  if (!(session instanceof SqlSession)) {
    await context.stderr.write(`mysqladmin: connect to server at '${options.host || 'localhost'}' failed\nerror: 'Can't connect to ${session.host === '' ? "local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)" : `MySQL server on '${session.host}:${options.port}' (111)`}'\nCheck that mysqld is running.\n`)
    return 1
  }
  if (command === 'ping') {
    await context.stdout.write('mysqld is alive\n')
    return 0
  }
  const reply = await session.ask({ user: options.user, password: options.password ?? '', database: '', local: options.host === '' || options.host === 'localhost' })
  if (!reply?.ok) {
    await context.stderr.write(`mysqladmin: connect to server at '${options.host || 'localhost'}' failed\nerror: '${reply?.message ?? 'Lost connection'}'\n`)
    return 1
  }
  if (command === 'status' || command === 'version') {
    await context.stdout.write(`Server version\t\t${reply.version}\n`)
    return 0
  }
  await context.stderr.write(`mysqladmin: Unknown command: '${command}'\n`)
  return 1
}
