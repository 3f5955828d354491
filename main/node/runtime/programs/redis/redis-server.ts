import { DialError } from '../../../../kernel/network.ts'
import { dialBytes, listenBytes, type ByteStream } from '../byte-stream.ts'
import { lookUp } from '../name-lookup.ts'
import type { ProcessContext, Program } from '../program.ts'
import { startOrComplain } from '../identity-tools.ts'
import { monthNames } from '../http-text.ts'
import { Keyspace, writingCommands } from './keyspace.ts'
import { encodeCommand, encodeReply, error, RespParser, status, type Reply } from './resp.ts'

const mebibyte = 1_048_576

/** redis-server: strings, lists, sets, hashes, sorted sets, expiry, publish/subscribe, transactions, AUTH, a snapshot in its
 *  directory, replication of a leader by a follower. Not modelled: scripts, streams, cluster mode, modules. */
export const redisServer: Program = async (context) => {
  const version = (context.settings as { readonly version?: string } | undefined)?.version ?? '8.4.0'
  const words = context.argv.slice(1)
  if (words.includes('-v') || words.includes('--version')) {
    await context.stdout.write(`Redis server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0\n`)
    return 0
  }
  const configuration = readConfiguration(context, words)
  if (configuration === undefined) {
    await context.stderr.write(`*** FATAL CONFIG FILE ERROR (Redis ${version}) ***\nCan't open config file '${words[0]}': No such file or directory\n`)
    return 1
  }
  return new RedisServer(context, version, configuration).run()
}

/** The image's entry script: options alone mean redis-server. */
export const redisEntrypoint: Program = async (context) => {
  const words = context.argv.slice(1)
  return startOrComplain(context, words[0]?.startsWith('-') || words[0]?.endsWith('.conf') ? ['redis-server', ...words] : words)
}

/** The guestbook's follower image: a redis that follows `redis-leader` (or `redis-master`). */
export const redisFollower: Program = (context) => {
  const host = context.env.get('GET_HOSTS_FROM') === 'env' ? (context.env.get('REDIS_LEADER_SERVICE_HOST') ?? context.env.get('REDIS_MASTER_SERVICE_HOST') ?? 'redis-leader') : 'redis-leader'
  return startOrComplain(context, ['redis-server', '--replicaof', host, '6379'])
}

type Configuration = Map<string, string>

function readConfiguration(context: ProcessContext, words: readonly string[]): Configuration | undefined {
  const configuration: Configuration = new Map([['port', '6379'], ['dir', context.cwd], ['dbfilename', 'dump.rdb'], ['appendonly', 'no'], ['maxmemory', '0'], ['maxmemory-policy', 'noeviction'], ['save', '3600 1 300 100 60 10000']])
  let at = 0
  if (words[0] !== undefined && !words[0].startsWith('-')) {
    at = 1
    let text: string
    try {
      text = context.files.readText(context.path(words[0]))
    } catch {
      return undefined
    }
    for (const line of text.split('\n')) {
      const [name, ...values] = line.trim().split(/\s+/)
      if (name && !name.startsWith('#')) configuration.set(name.toLowerCase(), canonical(name.toLowerCase(), values.join(' ').replace(/^"(.*)"$/, '$1')))
    }
  }
  for (; at < words.length; at++) {
    const name = words[at]!
    if (!name.startsWith('--')) continue
    const values: string[] = []
    while (at + 1 < words.length && !words[at + 1]!.startsWith('--')) values.push(words[++at]!)
    configuration.set(name.slice(2).toLowerCase(), canonical(name.slice(2).toLowerCase(), values.join(' ')))
  }
  return configuration
}

/** Amounts of memory are kept in bytes: `2mb` is 2097152, `2m` two million. */
function canonical(name: string, value: string): string {
  const match = name === 'maxmemory' ? /^(\d+)([kmg])(b?)$/i.exec(value) : null
  if (!match) return value
  return String(Number(match[1]) * (match[3] === '' ? 1000 : 1024) ** (' kmg'.indexOf(match[2]!.toLowerCase())))
}

interface Client {
  readonly stream: ByteStream
  authenticated: boolean
  queue: string[][] | undefined
  readonly channels: Set<string>
  isReplica: boolean
}

class RedisServer {
  readonly #context: ProcessContext
  readonly #version: string
  readonly #configuration: Configuration
  #keys: Keyspace | undefined
  readonly #clients = new Set<Client>()
  #leader: { readonly host: string; readonly port: number } | undefined
  #leaderUp = false
  #commands = 0
  #startedAt = 0

  constructor(context: ProcessContext, version: string, configuration: Configuration) {
    this.#context = context
    this.#version = version
    this.#configuration = configuration
  }

  /** Made with the first command that needs data. */
  get #data(): Keyspace {
    return (this.#keys ??= new Keyspace())
  }

  async run(): Promise<number> {
    const context = this.#context
    this.#startedAt = context.clock.now()
    const log = (text: string): Promise<void> => context.stdout.write(`${context.pid}:M ${this.#time()} * ${text}\n`)
    await context.stdout.write(`${context.pid}:C ${this.#time()} * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n${context.pid}:C ${this.#time()} * Redis version=${this.#version}, bits=64, commit=00000000, modified=0, pid=${context.pid}, just started\n`)
    if (context.argv.length === 1) await context.stdout.write(`${context.pid}:C ${this.#time()} # Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf\n`)
    this.#load()
    const port = Number(this.#configuration.get('port'))
    try {
      listenBytes(context, port, (stream) => void this.#serve(stream))
    } catch {
      await context.stdout.write(`${context.pid}:M ${this.#time()} # Warning: Could not create server TCP listening socket *:${port}: bind: Address already in use\n${context.pid}:M ${this.#time()} # Failed listening on port ${port} (tcp), aborting.\n`)
      return 1
    }
    context.useMemory(8 * mebibyte)
    context.load(1)
    await log(`Running mode=standalone, port=${port}.`)
    await log('Server initialized')
    await log('Ready to accept connections tcp')
    const leader = (this.#configuration.get('replicaof') ?? this.#configuration.get('slaveof'))?.split(' ')
    if (leader?.[0]) {
      this.#leader = { host: leader[0], port: Number(leader[1] ?? 6379) }
      void this.#follow()
    }
    const signal = await context.untilSignal('TERM', 'INT')
    await context.stdout.write(`${context.pid}:signal-handler (${Math.floor(context.clock.now() / 1000)}) Received ${signal === 'TERM' ? 'SIGTERM' : 'SIGINT'} scheduling shutdown...\n`)
    await log('User requested shutdown...')
    if (this.#configuration.get('save') !== '' && this.#keys) {
      await log('Saving the final RDB snapshot before exiting.')
      this.#save()
      await log('DB saved on disk')
    }
    await context.stdout.write(`${context.pid}:M ${this.#time()} # Redis is now ready to exit, bye bye...\n`)
    return 0
  }

  #time(): string {
    const date = new Date(this.#context.clock.now())
    return `${String(date.getUTCDate()).padStart(2, '0')} ${monthNames[date.getUTCMonth()]} ${date.getUTCFullYear()} ${date.toISOString().slice(11, 23)}`
  }

  #dumpPath(): string {
    return this.#context.path(`${this.#configuration.get('dir')}/${this.#configuration.get('dbfilename')}`)
  }

  #load(): void {
    try {
      this.#data.load(this.#context.files.readText(this.#dumpPath()))
    } catch {
      // No snapshot, or none of ours: the server starts empty.
      this.#keys = undefined
    }
  }

  #save(): boolean {
    try {
      this.#context.files.write(this.#dumpPath(), this.#data.dump())
      return true
    } catch {
      return false
    }
  }

  async #serve(stream: ByteStream): Promise<void> {
    const client: Client = { stream, authenticated: !this.#configuration.has('requirepass'), queue: undefined, channels: new Set(), isReplica: false }
    this.#clients.add(client)
    const parser = new RespParser()
    for (;;) {
      const bytes = await stream.read()
      if (!bytes) break
      for (const command of parser.push(bytes)) {
        const words = (command as readonly Reply[]).map(String)
        if (words.length === 0) continue
        const pause = this.#context.work(0.01)
        if (pause) await pause
        this.#commands++
        const reply = this.#execute(client, words)
        if (reply !== undefined) stream.write(encodeReply(reply))
        if (words[0]!.toUpperCase() === 'QUIT') stream.close()
      }
    }
    this.#clients.delete(client)
  }

  #execute(client: Client, words: readonly string[]): Reply | undefined {
    const name = words[0]!.toUpperCase()
    if (name === 'QUIT') return status('OK')
    if (name === 'AUTH') {
      if (!this.#configuration.has('requirepass')) return error('ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?')
      if (words.at(-1) !== this.#configuration.get('requirepass')) return error('WRONGPASS invalid username-password pair or user is disabled.')
      client.authenticated = true
      return status('OK')
    }
    if (!client.authenticated) return error('NOAUTH Authentication required.')
    if (client.queue && !['EXEC', 'DISCARD', 'MULTI'].includes(name)) {
      client.queue.push([...words])
      return status('QUEUED')
    }
    switch (name) {
      case 'PING':
        return words[1] ?? status('PONG')
      case 'ECHO':
        return words[1] ?? error("ERR wrong number of arguments for 'echo' command")
      case 'HELLO':
        return error('NOPROTO unsupported protocol version')
      case 'SELECT':
      case 'CLIENT':
      case 'READONLY':
        return status('OK')
      case 'COMMAND':
        return []
      case 'TIME':
        return [String(Math.floor(this.#context.clock.now() / 1000)), '0']
      case 'INFO':
        return this.#info()
      case 'ROLE':
        return this.#leader ? ['slave', this.#leader.host, this.#leader.port, this.#leaderUp ? 'connected' : 'connect', 0] : ['master', 0, []]
      case 'CONFIG':
        if (words[1]?.toUpperCase() === 'GET') return [...this.#configuration].filter(([key]) => words[2] === '*' || key === words[2]?.toLowerCase()).flat()
        if (words[1]?.toUpperCase() === 'SET') this.#configuration.set(words[2]!.toLowerCase(), canonical(words[2]!.toLowerCase(), words[3] ?? ''))
        return status('OK')
      case 'SAVE':
      case 'BGSAVE':
        return this.#save() ? status(name === 'SAVE' ? 'OK' : 'Background saving started') : error('ERR')
      case 'SHUTDOWN':
        this.#save()
        this.#context.kill('TERM')
        return undefined
      case 'REPLICAOF':
      case 'SLAVEOF':
        this.#leader = words[1]?.toUpperCase() === 'NO' ? undefined : { host: words[1]!, port: Number(words[2]) }
        if (this.#leader) void this.#follow()
        return status('OK')
      case 'PSYNC':
        client.isReplica = true
        return this.#data.dump()
      case 'MULTI':
        if (client.queue) return error('ERR MULTI calls can not be nested')
        client.queue = []
        return status('OK')
      case 'DISCARD':
        if (!client.queue) return error('ERR DISCARD without MULTI')
        client.queue = undefined
        return status('OK')
      case 'EXEC': {
        const queue = client.queue
        if (!queue) return error('ERR EXEC without MULTI')
        client.queue = undefined
        return queue.map((command) => this.#execute(client, command) ?? null)
      }
      case 'SUBSCRIBE':
        for (const channel of words.slice(1)) {
          client.channels.add(channel)
          client.stream.write(encodeReply(['subscribe', channel, client.channels.size]))
        }
        return undefined
      case 'PUBLISH': {
        let count = 0
        for (const other of this.#clients) {
          if (!other.channels.has(words[1] ?? '')) continue
          other.stream.write(encodeReply(['message', words[1]!, words[2] ?? '']))
          count++
        }
        return count
      }
    }
    if (this.#leader && writingCommands.has(name)) return error("READONLY You can't write against a read only replica.")
    const reply = this.#data.run(words, this.#context.clock.now())
    if (reply === undefined) return error(`ERR unknown command '${words[0]}', with args beginning with: ${words.slice(1, 3).map((word) => `'${word}' `).join('')}`)
    if (writingCommands.has(name)) this.#changed(words)
    return reply
  }

  #changed(words: readonly string[]): void {
    for (const client of this.#clients) if (client.isReplica) client.stream.write(encodeCommand(words))
    this.#context.useMemory(8 * mebibyte + this.#data.sizeBytes)
  }

  /** Copies the leader, then applies what it does; tries again while it cannot be reached. */
  async #follow(): Promise<void> {
    const context = this.#context
    const leader = this.#leader
    const log = (text: string): Promise<void> => context.stdout.write(`${context.pid}:S ${this.#time()} * ${text}\n`)
    while (leader !== undefined && this.#leader === leader) {
      await log(`Connecting to MASTER ${leader.host}:${leader.port}`)
      const found = await lookUp(context, leader.host)
      if (!found.found) await context.stdout.write(`${context.pid}:S ${this.#time()} # Unable to connect to MASTER: ${leader.host}: Name or service not known\n`)
      else {
        try {
          const stream = await dialBytes(context, { address: found.addresses[0]!, port: leader.port })
          const password = this.#configuration.get('masterauth')
          if (password !== undefined) stream.write(encodeCommand(['AUTH', password]))
          stream.write(encodeCommand(['PSYNC', '?', '-1']))
          await log('MASTER <-> REPLICA sync started')
          await this.#apply(stream, password !== undefined, log)
        } catch (failure) {
          if (!(failure instanceof DialError)) throw failure
          await context.stdout.write(`${context.pid}:S ${this.#time()} # Error condition on socket for SYNC: Connection refused\n`)
        }
      }
      this.#leaderUp = false
      await context.sleep(1000)
    }
  }

  async #apply(stream: ByteStream, authenticates: boolean, log: (text: string) => Promise<void>): Promise<void> {
    const parser = new RespParser()
    let skip = authenticates ? 1 : 0
    let synced = false
    for (;;) {
      const bytes = await stream.read()
      if (!bytes) return
      for (const value of parser.push(bytes)) {
        if (skip-- > 0) continue
        if (!synced && typeof value === 'string') {
          this.#keys = new Keyspace()
          this.#data.load(value)
          synced = true
          this.#leaderUp = true
          await log('MASTER <-> REPLICA sync: Finished with success')
        } else if (Array.isArray(value)) this.#data.run(value.map(String), this.#context.clock.now())
      }
    }
  }

  #info(): string {
    const seconds = Math.floor((this.#context.clock.now() - this.#startedAt) / 1000)
    const replicas = [...this.#clients].filter((client) => client.isReplica).length
    return [
      '# Server',
      `redis_version:${this.#version}`,
      'redis_mode:standalone',
      'os:Linux 6.1.0-40-amd64 x86_64',
      `process_id:${this.#context.pid}`,
      `tcp_port:${this.#configuration.get('port')}`,
      `uptime_in_seconds:${seconds}`,
      '',
      '# Clients',
      `connected_clients:${this.#clients.size}`,
      '',
      '# Memory',
      `used_memory:${this.#context.memoryBytes}`,
      `maxmemory:${this.#configuration.get('maxmemory')}`,
      '',
      '# Stats',
      `total_commands_processed:${this.#commands}`,
      '',
      '# Replication',
      `role:${this.#leader ? 'slave' : 'master'}`,
      ...(this.#leader ? [`master_host:${this.#leader.host}`, `master_port:${this.#leader.port}`, `master_link_status:${this.#leaderUp ? 'up' : 'down'}`] : []),
      `connected_slaves:${replicas}`,
      '',
      '# Keyspace',
      ...(this.#keys && this.#keys.size > 0 ? [`db0:keys=${this.#keys.size},expires=0,avg_ttl=0`] : []),
      '',
    ].join('\r\n')
  }
}
