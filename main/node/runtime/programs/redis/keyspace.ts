import { matchGlob } from '../shell/glob.ts'
import { error, status, type Reply } from './resp.ts'

type Value = string | string[] | Set<string> | Map<string, string> | SortedSet

/** Members of a sorted set with their scores. */
class SortedSet {
  readonly scores = new Map<string, number>()
  sorted(): [string, number][] {
    return [...this.scores].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
  }
}

const wrongType = error('WRONGTYPE Operation against a key holding the wrong kind of value')
const notInteger = error('ERR value is not an integer or out of range')

/** The data of one redis server and what commands do with it. Time comes in, so that expiry needs no timers. */
export class Keyspace {
  readonly #values = new Map<string, Value>()
  readonly #expires = new Map<string, number>()
  #now = 0

  get size(): number {
    return this.#values.size
  }

  /** Bytes, roughly. */
  get sizeBytes(): number {
    let sum = 0
    for (const [key, value] of this.#values) sum += key.length + (typeof value === 'string' ? value.length : 64) + 56
    return sum
  }

  /** Runs a command; undefined when there is none of that name here. */
  run(words: readonly string[], now: number): Reply | undefined {
    this.#now = now
    const command = commands[words[0]!.toUpperCase()]
    if (!command) return undefined
    const given = words.length - 1
    if (given < command.least || given > (command.most ?? Infinity)) return error(`ERR wrong number of arguments for '${words[0]!.toLowerCase()}' command`)
    return command.run(this, words.slice(1))
  }

  get(key: string): Value | undefined {
    const expires = this.#expires.get(key)
    if (expires !== undefined && expires <= this.#now) this.delete(key)
    return this.#values.get(key)
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value)
  }

  delete(key: string): boolean {
    this.#expires.delete(key)
    return this.#values.delete(key)
  }

  clear(): void {
    this.#values.clear()
    this.#expires.clear()
  }

  keys(): string[] {
    return [...this.#values.keys()].filter((key) => this.get(key) !== undefined)
  }

  expire(key: string, afterMs: number | undefined): void {
    if (afterMs === undefined) this.#expires.delete(key)
    else this.#expires.set(key, this.#now + afterMs)
  }

  /** Ms left; undefined when it never expires. */
  timeLeft(key: string): number | undefined {
    const at = this.#expires.get(key)
    return at === undefined ? undefined : at - this.#now
  }

  /** All as text, for a snapshot on disk. */
  dump(): string {
    const entries = this.keys().map((key) => {
      const value = this.get(key)!
      const kind = typeof value === 'string' ? 's' : Array.isArray(value) ? 'l' : value instanceof Set ? 'S' : value instanceof Map ? 'h' : 'z'
      const data = typeof value === 'string' || Array.isArray(value) ? value : value instanceof SortedSet ? [...value.scores] : [...value]
      return [key, kind, data, this.#expires.get(key) ?? null]
    })
    return JSON.stringify(entries)
  }

  load(text: string): void {
    for (const [key, kind, data, expires] of JSON.parse(text) as [string, string, never, number | null][]) {
      if (kind === 's' || kind === 'l') this.set(key, data)
      else if (kind === 'S') this.set(key, new Set(data))
      else if (kind === 'h') this.set(key, new Map(data))
      else {
        const set = new SortedSet()
        for (const [member, score] of data as [string, number][]) set.scores.set(member, score)
        this.set(key, set)
      }
      if (expires !== null) this.#expires.set(key, expires)
    }
  }
}

interface CommandDeclaration {
  readonly least: number
  readonly most?: number
  readonly run: (keys: Keyspace, words: readonly string[]) => Reply
}

function typed<T extends Value>(keys: Keyspace, key: string, is: (value: Value) => value is T, make: () => T, act: (value: T) => Reply): Reply {
  const value = keys.get(key)
  if (value === undefined) return act(make())
  return is(value) ? act(value) : wrongType
}

const isString = (value: Value): value is string => typeof value === 'string'
const isList = (value: Value): value is string[] => Array.isArray(value)
const isSet = (value: Value): value is Set<string> => value instanceof Set
const isHash = (value: Value): value is Map<string, string> => value instanceof Map
const isSorted = (value: Value): value is SortedSet => value instanceof SortedSet

function add(keys: Keyspace, key: string, amount: number): Reply {
  return typed(keys, key, isString, () => '0', (text) => {
    if (!/^-?\d+$/.test(text) || !Number.isInteger(amount)) return notInteger
    const next = Number(text) + amount
    keys.set(key, String(next))
    return next
  })
}

function slice<T>(items: readonly T[], from: string, to: string): T[] {
  const index = (text: string): number => (Number(text) < 0 ? Math.max(0, items.length + Number(text)) : Number(text))
  const end = Number(to) < 0 ? items.length + Number(to) : Number(to)
  return items.slice(index(from), end + 1)
}

function push(keys: Keyspace, words: readonly string[], atEnd: boolean, mustExist = false): Reply {
  const [key = '', ...items] = words
  if (mustExist && keys.get(key) === undefined) return 0
  return typed(keys, key, isList, () => [], (list) => {
    const next = atEnd ? [...list, ...items] : [...[...items].reverse(), ...list]
    keys.set(key, next)
    return next.length
  })
}

function pop(keys: Keyspace, words: readonly string[], atEnd: boolean): Reply {
  const [key = '', count] = words
  return typed(keys, key, isList, () => [], (list) => {
    if (list.length === 0) return null
    const taken = atEnd ? list.slice(-Number(count ?? 1)).reverse() : list.slice(0, Number(count ?? 1))
    const left = atEnd ? list.slice(0, list.length - taken.length) : list.slice(taken.length)
    if (left.length === 0) keys.delete(key)
    else keys.set(key, left)
    return count === undefined ? taken[0]! : taken
  })
}

const commands: Readonly<Record<string, CommandDeclaration>> = {
  GET: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isString, () => '\0', (text) => (text === '\0' && keys.get(key) === undefined ? null : text)) },
  SET: {
    least: 2,
    run: (keys, [key = '', value = '', ...options]) => {
      const upper = options.map((word) => word.toUpperCase())
      if (upper.includes('NX') && keys.get(key) !== undefined) return null
      if (upper.includes('XX') && keys.get(key) === undefined) return null
      const before = keys.get(key)
      keys.set(key, value)
      if (!upper.includes('KEEPTTL')) keys.expire(key, undefined)
      const ex = upper.indexOf('EX')
      const px = upper.indexOf('PX')
      if (ex >= 0) keys.expire(key, Number(options[ex + 1]) * 1000)
      if (px >= 0) keys.expire(key, Number(options[px + 1]))
      return upper.includes('GET') ? (typeof before === 'string' ? before : null) : status('OK')
    },
  },
  SETNX: { least: 2, most: 2, run: (keys, [key = '', value = '']) => (keys.get(key) === undefined ? (keys.set(key, value), 1) : 0) },
  SETEX: {
    least: 3,
    most: 3,
    run: (keys, [key = '', seconds, value = '']) => {
      keys.set(key, value)
      keys.expire(key, Number(seconds) * 1000)
      return status('OK')
    },
  },
  GETSET: {
    least: 2,
    most: 2,
    run: (keys, [key = '', value = '']) => {
      const before = keys.get(key)
      keys.set(key, value)
      return typeof before === 'string' ? before : null
    },
  },
  MSET: {
    least: 2,
    run: (keys, words) => {
      for (let index = 0; index + 1 < words.length; index += 2) keys.set(words[index]!, words[index + 1]!)
      return status('OK')
    },
  },
  MGET: { least: 1, run: (keys, words) => words.map((key) => { const value = keys.get(key); return typeof value === 'string' ? value : null }) },
  APPEND: { least: 2, most: 2, run: (keys, [key = '', tail = '']) => typed(keys, key, isString, () => '', (text) => (keys.set(key, text + tail), text.length + tail.length)) },
  STRLEN: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isString, () => '', (text) => text.length) },
  INCR: { least: 1, most: 1, run: (keys, [key = '']) => add(keys, key, 1) },
  DECR: { least: 1, most: 1, run: (keys, [key = '']) => add(keys, key, -1) },
  INCRBY: { least: 2, most: 2, run: (keys, [key = '', by]) => add(keys, key, Number(by)) },
  DECRBY: { least: 2, most: 2, run: (keys, [key = '', by]) => add(keys, key, -Number(by)) },
  DEL: { least: 1, run: (keys, words) => words.filter((key) => keys.get(key) !== undefined && keys.delete(key)).length },
  UNLINK: { least: 1, run: (keys, words) => words.filter((key) => keys.get(key) !== undefined && keys.delete(key)).length },
  EXISTS: { least: 1, run: (keys, words) => words.filter((key) => keys.get(key) !== undefined).length },
  KEYS: { least: 1, most: 1, run: (keys, [pattern = '*']) => keys.keys().filter((key) => matchGlob(pattern, key)) },
  SCAN: {
    least: 1,
    run: (keys, words) => {
      const at = words.findIndex((word) => word.toUpperCase() === 'MATCH')
      return ['0', keys.keys().filter((key) => at < 0 || matchGlob(words[at + 1]!, key))]
    },
  },
  TYPE: {
    least: 1,
    most: 1,
    run: (keys, [key = '']) => {
      const value = keys.get(key)
      return status(value === undefined ? 'none' : typeof value === 'string' ? 'string' : Array.isArray(value) ? 'list' : value instanceof Set ? 'set' : value instanceof Map ? 'hash' : 'zset')
    },
  },
  EXPIRE: { least: 2, run: (keys, [key = '', seconds]) => (keys.get(key) === undefined ? 0 : (keys.expire(key, Number(seconds) * 1000), 1)) },
  PEXPIRE: { least: 2, run: (keys, [key = '', ms]) => (keys.get(key) === undefined ? 0 : (keys.expire(key, Number(ms)), 1)) },
  PERSIST: { least: 1, run: (keys, [key = '']) => (keys.get(key) === undefined || keys.timeLeft(key) === undefined ? 0 : (keys.expire(key, undefined), 1)) },
  TTL: {
    least: 1,
    run: (keys, [key = '']) => {
      if (keys.get(key) === undefined) return -2
      const left = keys.timeLeft(key)
      return left === undefined ? -1 : Math.round(left / 1000)
    },
  },
  PTTL: { least: 1, run: (keys, [key = '']) => (keys.get(key) === undefined ? -2 : Math.round(keys.timeLeft(key) ?? -1)) },
  RENAME: {
    least: 2,
    most: 2,
    run: (keys, [from = '', to = '']) => {
      const value = keys.get(from)
      if (value === undefined) return error('ERR no such key')
      keys.delete(from)
      keys.set(to, value)
      return status('OK')
    },
  },
  DBSIZE: { least: 0, most: 0, run: (keys) => keys.keys().length },
  FLUSHALL: { least: 0, run: (keys) => (keys.clear(), status('OK')) },
  FLUSHDB: { least: 0, run: (keys) => (keys.clear(), status('OK')) },
  LPUSH: { least: 2, run: (keys, words) => push(keys, words, false) },
  RPUSH: { least: 2, run: (keys, words) => push(keys, words, true) },
  LPUSHX: { least: 2, run: (keys, words) => push(keys, words, false, true) },
  RPUSHX: { least: 2, run: (keys, words) => push(keys, words, true, true) },
  LPOP: { least: 1, most: 2, run: (keys, words) => pop(keys, words, false) },
  RPOP: { least: 1, most: 2, run: (keys, words) => pop(keys, words, true) },
  LLEN: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isList, () => [], (list) => list.length) },
  LRANGE: { least: 3, most: 3, run: (keys, [key = '', from = '0', to = '-1']) => typed(keys, key, isList, () => [], (list) => slice(list, from, to)) },
  LINDEX: { least: 2, most: 2, run: (keys, [key = '', index]) => typed(keys, key, isList, () => [], (list) => list.at(Number(index)) ?? null) },
  LTRIM: { least: 3, most: 3, run: (keys, [key = '', from = '0', to = '-1']) => typed(keys, key, isList, () => [], (list) => (keys.set(key, slice(list, from, to)), status('OK'))) },
  SADD: {
    least: 2,
    run: (keys, [key = '', ...members]) => typed(keys, key, isSet, () => new Set<string>(), (set) => {
      const before = set.size
      for (const member of members) set.add(member)
      keys.set(key, set)
      return set.size - before
    }),
  },
  SREM: { least: 2, run: (keys, [key = '', ...members]) => typed(keys, key, isSet, () => new Set<string>(), (set) => members.filter((member) => set.delete(member)).length) },
  SMEMBERS: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isSet, () => new Set<string>(), (set) => [...set]) },
  SISMEMBER: { least: 2, most: 2, run: (keys, [key = '', member = '']) => typed(keys, key, isSet, () => new Set<string>(), (set) => (set.has(member) ? 1 : 0)) },
  SCARD: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isSet, () => new Set<string>(), (set) => set.size) },
  HSET: {
    least: 3,
    run: (keys, [key = '', ...pairs]) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => {
      let added = 0
      for (let index = 0; index + 1 < pairs.length; index += 2) {
        if (!hash.has(pairs[index]!)) added++
        hash.set(pairs[index]!, pairs[index + 1]!)
      }
      keys.set(key, hash)
      return added
    }),
  },
  HMSET: {
    least: 3,
    run: (keys, words) => {
      const reply = commands.HSET!.run(keys, words)
      return typeof reply === 'number' ? status('OK') : reply
    },
  },
  HGET: { least: 2, most: 2, run: (keys, [key = '', field = '']) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => hash.get(field) ?? null) },
  HMGET: { least: 2, run: (keys, [key = '', ...fields]) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => fields.map((field) => hash.get(field) ?? null)) },
  HGETALL: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => [...hash].flat()) },
  HKEYS: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => [...hash.keys()]) },
  HVALS: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => [...hash.values()]) },
  HDEL: { least: 2, run: (keys, [key = '', ...fields]) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => fields.filter((field) => hash.delete(field)).length) },
  HEXISTS: { least: 2, most: 2, run: (keys, [key = '', field = '']) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => (hash.has(field) ? 1 : 0)) },
  HLEN: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => hash.size) },
  HINCRBY: {
    least: 3,
    most: 3,
    run: (keys, [key = '', field = '', by]) => typed(keys, key, isHash, () => new Map<string, string>(), (hash) => {
      const next = Number(hash.get(field) ?? 0) + Number(by)
      if (!Number.isInteger(next)) return error('ERR hash value is not an integer')
      hash.set(field, String(next))
      keys.set(key, hash)
      return next
    }),
  },
  ZADD: {
    least: 3,
    run: (keys, [key = '', ...pairs]) => typed(keys, key, isSorted, () => new SortedSet(), (set) => {
      const before = set.scores.size
      for (let index = 0; index + 1 < pairs.length; index += 2) set.scores.set(pairs[index + 1]!, Number(pairs[index]))
      keys.set(key, set)
      return set.scores.size - before
    }),
  },
  ZRANGE: {
    least: 3,
    run: (keys, [key = '', from = '0', to = '-1', ...options]) => typed(keys, key, isSorted, () => new SortedSet(), (set) => {
      const upper = options.map((word) => word.toUpperCase())
      const all = upper.includes('REV') ? set.sorted().reverse() : set.sorted()
      return slice(all, from, to).flatMap(([member, score]) => (upper.includes('WITHSCORES') ? [member, String(score)] : [member]))
    }),
  },
  ZSCORE: { least: 2, most: 2, run: (keys, [key = '', member = '']) => typed(keys, key, isSorted, () => new SortedSet(), (set) => { const score = set.scores.get(member); return score === undefined ? null : String(score) }) },
  ZCARD: { least: 1, most: 1, run: (keys, [key = '']) => typed(keys, key, isSorted, () => new SortedSet(), (set) => set.scores.size) },
  ZREM: { least: 2, run: (keys, [key = '', ...members]) => typed(keys, key, isSorted, () => new SortedSet(), (set) => members.filter((member) => set.scores.delete(member)).length) },
  ZINCRBY: {
    least: 3,
    most: 3,
    run: (keys, [key = '', by, member = '']) => typed(keys, key, isSorted, () => new SortedSet(), (set) => {
      const next = (set.scores.get(member) ?? 0) + Number(by)
      set.scores.set(member, next)
      keys.set(key, set)
      return String(next)
    }),
  },
}

/** Names of the commands that change data. */
export const writingCommands: ReadonlySet<string> = new Set(
  'SET SETNX SETEX GETSET MSET APPEND INCR DECR INCRBY DECRBY DEL UNLINK EXPIRE PEXPIRE PERSIST RENAME FLUSHALL FLUSHDB LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LTRIM SADD SREM HSET HMSET HDEL HINCRBY ZADD ZREM ZINCRBY'.split(' '),
)
