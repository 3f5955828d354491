import { listenBytes, type ByteStream } from '../byte-stream.ts'
import type { ProcessContext, Program } from '../program.ts'
import { linesOf } from '../text-input.ts'
import { SqlError, SqlStore, type Dialect } from './database.ts'
import type { SqlReply, SqlRequest } from './wire.ts'

interface SqlSettings {
  readonly dialect: Dialect
  readonly version: string
  /** How the product calls itself in its log. */
  readonly product?: string
}

interface Saved {
  readonly users: Readonly<Record<string, string>>
  readonly data: string
}

const ports = { mysql: 3306, postgres: 5432 }

/** mysqld, mariadbd and postgres: users from the environment at the first start, databases kept in the data directory, a small part of
 *  SQL for the clients of the same images. */
export const sqlServer: Program = async (context) => {
  const settings = context.settings as SqlSettings
  if (context.argv.includes('--version') || context.argv.includes('-V')) {
    await context.stdout.write(settings.dialect === 'mysql' ? `${context.argv[0]}  Ver ${settings.version} for Linux on x86_64\n` : `postgres (PostgreSQL) ${settings.version}\n`)
    return 0
  }
  const mysql = settings.dialect === 'mysql'
  const folder = mysql ? '/var/lib/mysql' : (context.env.get('PGDATA') ?? '/var/lib/postgresql/data')
  const file = mysql ? `${folder}/ibdata1` : `${folder}/base.dat`
  const store = new SqlStore(settings.dialect, settings.version, mysql ? ['information_schema', 'mysql', 'performance_schema', 'sys'] : ['postgres', 'template0', 'template1'])
  let users: Record<string, string> = {}
  const kept = context.files.exists(file)
  if (kept) {
    const saved = JSON.parse(context.files.readText(file)) as Saved
    users = { ...saved.users }
    store.load(saved.data)
  } else {
    const initial = mysql ? mysqlUsers(context) : postgresUsers(context)
    if (!initial) {
      await context.stderr.write(mysql ? missingMysqlPassword(context, settings) : missingPostgresPassword)
      return 1
    }
    users = initial.users
    for (const database of initial.databases) if (!store.databases.has(database)) store.databases.set(database, new Map())
  }
  const stopping = context.untilSignal('TERM', 'INT', 'QUIT')
  context.useMemory((mysql ? 380 : 45) * 1_048_576)
  context.load(800)
  await log(context, settings, mysql ? `[System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld ${settings.version}) starting as process ${context.pid}` : `LOG:  starting PostgreSQL ${settings.version} (Debian ${settings.version}-1.pgdg12+1) on x86_64-pc-linux-gnu`)
  await context.sleep(kept ? 700 : mysql ? 2_600 : 1_500)
  context.load(mysql ? 6 : 1)
  context.files.makeDirectory(folder, { parents: true })
  const save = (): void => context.files.write(file, JSON.stringify({ users, data: store.dump() } satisfies Saved), { mode: 0o640 })
  save()
  try {
    listenBytes(context, ports[settings.dialect], (stream) => void serve(context, stream, store, users, save))
  } catch {
    await log(context, settings, mysql ? "[ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use" : 'FATAL:  could not create any TCP/IP sockets')
    return 1
  }
  await log(context, settings, mysql ? `[System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '${settings.version}'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  ${settings.product ?? 'MySQL Community Server - GPL'}.` : 'LOG:  database system is ready to accept connections')
  await stopping
  await log(context, settings, mysql ? '[System] [MY-013172] [Server] Received SHUTDOWN from user <via user signal>. Shutting down mysqld.' : 'LOG:  received fast shutdown request')
  await context.sleep(mysql ? 800 : 60)
  return 0
}

function log(context: ProcessContext, settings: SqlSettings, text: string): Promise<void> {
  const time = new Date(context.clock.now()).toISOString()
  return context.stderr.write(settings.dialect === 'mysql' ? `${time.replace('Z', '000Z')} 0 ${text}\n` : `${time.replace('T', ' ').replace('Z', '')} UTC [${context.pid}] ${text}\n`)
}

interface Initial {
  readonly users: Record<string, string>
  readonly databases: readonly string[]
}

/** A variable, or the contents of the file that its `_FILE` twin names. */
function secret(context: ProcessContext, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = context.env.get(name)
    if (value !== undefined && value !== '') return value
    const path = context.env.get(`${name}_FILE`)
    if (path !== undefined && context.files.exists(path)) return context.files.readText(path).trimEnd()
  }
  return undefined
}

function mysqlUsers(context: ProcessContext): Initial | undefined {
  const root = secret(context, 'MYSQL_ROOT_PASSWORD', 'MARIADB_ROOT_PASSWORD')
  const open = secret(context, 'MYSQL_ALLOW_EMPTY_PASSWORD', 'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', 'MYSQL_RANDOM_ROOT_PASSWORD', 'MARIADB_RANDOM_ROOT_PASSWORD')
  if (root === undefined && open === undefined) return undefined
  const user = secret(context, 'MYSQL_USER', 'MARIADB_USER')
  const database = secret(context, 'MYSQL_DATABASE', 'MARIADB_DATABASE')
  return { users: { root: root ?? '', ...(user === undefined ? {} : { [user]: secret(context, 'MYSQL_PASSWORD', 'MARIADB_PASSWORD') ?? '' }) }, databases: database === undefined ? [] : [database] }
}

function postgresUsers(context: ProcessContext): Initial | undefined {
  const password = secret(context, 'POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD')
  if (password === undefined && context.env.get('POSTGRES_HOST_AUTH_METHOD') !== 'trust') return undefined
  const user = secret(context, 'POSTGRES_USER', 'POSTGRESQL_USERNAME') ?? 'postgres'
  return { users: { [user]: password ?? '' }, databases: [secret(context, 'POSTGRES_DB', 'POSTGRESQL_DATABASE') ?? user] }
}

function missingMysqlPassword(context: ProcessContext, settings: SqlSettings): string {
  const time = new Date(context.clock.now()).toISOString().slice(0, 19).replace('T', ' ')
  const note = (level: string, text: string): string => `${time}+00:00 [${level}] [Entrypoint]: ${text}\n`
  return `${note('Note', `Entrypoint script for MySQL Server ${settings.version} started.`)}${note('ERROR', 'Database is uninitialized and password option is not specified')}    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n`
}

const missingPostgresPassword =
  'Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the\n       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".\n'

async function serve(context: ProcessContext, stream: ByteStream, store: SqlStore, users: Readonly<Record<string, string>>, save: () => void): Promise<void> {
  let login: { readonly user: string } | undefined
  let database = ''
  const mysql = store.dialect === 'mysql'
  const reply = (value: SqlReply): void => stream.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`))
  const refuse = (code: number, state: string, message: string): void => reply({ ok: false, code, state, message })
  for await (const { text, ended } of linesOf({ read: () => stream.read() })) {
    if (!ended) break
    let request: SqlRequest
    try {
      request = JSON.parse(text) as SqlRequest
    } catch {
      break
    }
    const pause = context.work(0.3)
    if (pause) await pause
    if ('user' in request) {
      const { user, password, local } = request
      const from = local ? 'localhost' : stream.remote.address
      const known = users[user]
      const trusted = !mysql && local
      if (known === undefined || (known !== password && !trusted)) {
        if (mysql) refuse(1045, '28000', `Access denied for user '${user}'@'${from}' (using password: ${password === '' ? 'NO' : 'YES'})`)
        else refuse(0, '28P01', known === undefined && trusted ? `role "${user}" does not exist` : password === '' ? 'no password supplied' : `password authentication failed for user "${user}"`)
        continue
      }
      if (request.database !== '' && !store.databases.has(request.database)) {
        if (mysql) refuse(1049, '42000', `Unknown database '${request.database}'`)
        else refuse(0, '3D000', `database "${request.database}" does not exist`)
        continue
      }
      login = { user }
      database = request.database
      reply({ ok: true, outcome: { affected: 0, tag: '' }, version: store.version })
    } else if (!login) break
    else {
      try {
        const outcome = store.run(request.statement, database, mysql ? `${login.user}@%` : login.user)
        database = outcome.database ?? database
        if (!/^\s*(?:select|show|desc)/i.test(request.statement)) save()
        reply({ ok: true, outcome, version: store.version })
      } catch (error) {
        if (!(error instanceof SqlError)) throw error
        refuse(error.code, error.state, error.message)
      }
    }
  }
  stream.close()
}
