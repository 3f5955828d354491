import { tokensOf, type Token } from './tokens.ts'

export type Value = string | number | null

export interface Column {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  readonly key: boolean
  readonly serial: boolean
  readonly standard: Value
}

interface Table {
  columns: Column[]
  rows: Value[][]
  next: number
}

export type Dialect = 'mysql' | 'postgres'

/** What a statement answers: rows, or how many it touched. `tag` is PostgreSQL's word for it. */
export interface Outcome {
  readonly columns?: readonly string[]
  readonly rows?: readonly (readonly Value[])[]
  readonly affected: number
  readonly tag: string
  /** The database that the session is in now. */
  readonly database?: string
}

/** A statement that cannot be run; `code` is MySQL's number, `state` the SQLSTATE. */
export class SqlError extends Error {
  readonly code: number
  readonly state: string
  constructor(code: number, state: string, message: string) {
    super(message)
    this.code = code
    this.state = state
  }
}

/** The data of one database server: databases of tables of rows, and a small part of SQL over them (one table at a time, without
 *  joins, subqueries or transactions' isolation). */
export class SqlStore {
  readonly dialect: Dialect
  readonly version: string
  readonly databases = new Map<string, Map<string, Table>>()

  constructor(dialect: Dialect, version: string, databases: readonly string[]) {
    this.dialect = dialect
    this.version = version
    for (const name of databases) this.databases.set(name, new Map())
  }

  dump(): string {
    return JSON.stringify([...this.databases].map(([name, tables]) => [name, [...tables]]))
  }

  load(text: string): void {
    for (const [name, tables] of JSON.parse(text) as [string, [string, Table][]][]) this.databases.set(name, new Map(tables))
  }

  /** Runs one statement. Throws SqlError. */
  run(statement: string, database: string, user: string): Outcome {
    let tokens: Token[]
    try {
      tokens = tokensOf(statement, this.dialect === 'mysql')
    } catch (error) {
      throw this.syntax((error as Error).message)
    }
    return new Run(this, tokens, database, user).outcome()
  }

  syntax(near: string): SqlError {
    return this.dialect === 'mysql'
      ? new SqlError(1064, '42000', `You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '${near}' at line 1`)
      : new SqlError(0, '42601', near === '' ? 'syntax error at end of input' : `syntax error at or near "${near.split(/\s/)[0]}"`)
  }
}

type Expression = (row: readonly Value[]) => Value

const done = (tag: string, affected = 0): Outcome => ({ affected, tag })

/** One statement being read and run. */
class Run {
  readonly #store: SqlStore
  readonly #tokens: readonly Token[]
  readonly #database: string
  readonly #user: string
  #at = 0

  constructor(store: SqlStore, tokens: readonly Token[], database: string, user: string) {
    this.#store = store
    this.#tokens = tokens
    this.#database = database
    this.#user = user
  }

  outcome(): Outcome {
    const verb = this.#next().upper
    switch (verb) {
      case 'CREATE':
        return this.#create()
      case 'DROP':
        return this.#drop()
      case 'INSERT':
        return this.#insert()
      case 'SELECT':
        return this.#select()
      case 'UPDATE':
        return this.#update()
      case 'DELETE':
        return this.#delete()
      case 'TRUNCATE': {
        this.#take('TABLE')
        const { table } = this.#table(this.#name())
        table.rows = []
        return done('TRUNCATE TABLE')
      }
      case 'USE': {
        const name = this.#name()
        if (!this.#store.databases.has(name)) throw new SqlError(1049, '42000', `Unknown database '${name}'`)
        return { ...done('USE'), database: name }
      }
      case 'SHOW':
        return this.#show()
      case 'DESCRIBE':
      case 'DESC':
        return this.#describe(this.#name())
      case 'BEGIN':
      case 'START':
      case 'COMMIT':
      case 'ROLLBACK':
      case 'SET':
      case 'GRANT':
      case 'FLUSH':
      case 'ALTER':
        if (verb === 'ALTER' && this.#peek().upper === 'TABLE') throw this.#store.syntax(this.#rest())
        return done(verb === 'START' ? 'START TRANSACTION' : verb === 'ALTER' ? 'ALTER ROLE' : verb)
      default:
        this.#at = 0
        throw this.#store.syntax(this.#rest())
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'symbol', text: '', upper: '' }
  }

  #next(): Token {
    const token = this.#peek()
    this.#at++
    return token
  }

  #take(...words: readonly string[]): boolean {
    for (let index = 0; index < words.length; index++) {
      const token = this.#tokens[this.#at + index]
      if (!token || token.kind === 'text' || token.upper !== words[index]) return false
    }
    this.#at += words.length
    return true
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw this.#store.syntax(this.#rest())
  }

  #rest(): string {
    return this.#tokens.slice(this.#at).map(({ kind, text }) => (kind === 'text' ? `'${text}'` : text)).join(' ')
  }

  #name(): string {
    const token = this.#next()
    if (token.kind !== 'word' && token.kind !== 'name') {
      this.#at--
      throw this.#store.syntax(this.#rest())
    }
    return token.kind === 'word' && this.#store.dialect === 'postgres' ? token.text.toLowerCase() : token.text
  }

  #tables(database = this.#database): Map<string, Table> {
    const tables = this.#store.databases.get(database)
    if (!tables) throw database === '' ? new SqlError(1046, '3D000', 'No database selected') : new SqlError(1049, '42000', `Unknown database '${database}'`)
    return tables
  }

  #table(name: string): { readonly table: Table; readonly name: string; readonly tables: Map<string, Table> } {
    const dot = name.lastIndexOf('.')
    const qualifier = dot < 0 ? '' : name.slice(0, dot)
    const plain = name.slice(dot + 1)
    const database = qualifier === '' || this.#store.dialect === 'postgres' ? this.#database : qualifier
    const tables = this.#tables(database)
    const table = tables.get(plain)
    if (!table) throw this.#store.dialect === 'mysql' ? new SqlError(1146, '42S02', `Table '${database}.${plain}' doesn't exist`) : new SqlError(0, '42P01', `relation "${plain}" does not exist`)
    return { table, name: plain, tables }
  }

  #create(): Outcome {
    if (this.#take('DATABASE') || this.#take('SCHEMA')) {
      const unless = this.#take('IF', 'NOT', 'EXISTS')
      const name = this.#name()
      if (this.#store.databases.has(name)) {
        if (unless) return done('CREATE DATABASE', 1)
        throw this.#store.dialect === 'mysql' ? new SqlError(1007, 'HY000', `Can't create database '${name}'; database exists`) : new SqlError(0, '42P04', `database "${name}" already exists`)
      }
      this.#store.databases.set(name, new Map())
      return done('CREATE DATABASE', 1)
    }
    if (this.#take('USER') || this.#take('ROLE')) return done('CREATE ROLE')
    if (this.#take('UNIQUE', 'INDEX') || this.#take('INDEX')) return done('CREATE INDEX')
    this.#expect('TABLE')
    const unless = this.#take('IF', 'NOT', 'EXISTS')
    const full = this.#name()
    const name = full.slice(full.lastIndexOf('.') + 1)
    const tables = this.#tables()
    if (tables.has(name)) {
      if (unless) return done('CREATE TABLE')
      throw this.#store.dialect === 'mysql' ? new SqlError(1050, '42S01', `Table '${name}' already exists`) : new SqlError(0, '42P07', `relation "${name}" already exists`)
    }
    this.#expect('(')
    const columns: Column[] = []
    const keys = new Set<string>()
    do {
      if (this.#take('PRIMARY', 'KEY')) for (const key of this.#names()) keys.add(key)
      else if (['UNIQUE', 'KEY', 'INDEX', 'CONSTRAINT', 'FOREIGN'].includes(this.#peek().upper)) this.#skipToEnd()
      else columns.push(this.#column())
    } while (this.#take(','))
    this.#expect(')')
    tables.set(name, { columns: columns.map((column) => ({ ...column, key: column.key || keys.has(column.name) })), rows: [], next: 1 })
    return done('CREATE TABLE')
  }

  #column(): Column {
    const name = this.#name()
    let type = this.#name().toLowerCase()
    if (this.#peek().text === '(') type += this.#parenthesised()
    let notNull = false
    let key = false
    let serial = /^(?:big|small)?serial$/.test(type)
    let standard: Value = null
    while (this.#at < this.#tokens.length && ![',', ')'].includes(this.#peek().text)) {
      if (this.#take('NOT', 'NULL')) notNull = true
      else if (this.#take('PRIMARY', 'KEY')) key = notNull = true
      else if (this.#take('AUTO_INCREMENT') || this.#take('GENERATED')) serial = true
      else if (this.#take('DEFAULT')) standard = this.#operand([])([])
      else if (this.#peek().text === '(') this.#parenthesised()
      else this.#at++
    }
    return { name, type, notNull, key, serial, standard }
  }

  #parenthesised(): string {
    let depth = 0
    let text = ''
    do {
      const token = this.#next()
      if (token.text === '(') depth++
      else if (token.text === ')') depth--
      else if (token.text === '') throw this.#store.syntax('')
      text += token.text
    } while (depth > 0)
    return text
  }

  #skipToEnd(): void {
    while (this.#at < this.#tokens.length && ![',', ')'].includes(this.#peek().text)) if (this.#peek().text === '(') this.#parenthesised()
    else this.#at++
  }

  #names(): string[] {
    this.#expect('(')
    const names: string[] = []
    do names.push(this.#name())
    while (this.#take(','))
    this.#expect(')')
    return names
  }

  #drop(): Outcome {
    const database = this.#take('DATABASE')
    if (!database && !this.#take('TABLE')) throw this.#store.syntax(this.#rest())
    const unless = this.#take('IF', 'EXISTS')
    const name = this.#name()
    const from: Map<string, unknown> = database ? this.#store.databases : this.#tables()
    if (!from.delete(name) && !unless) {
      if (database) throw this.#store.dialect === 'mysql' ? new SqlError(1008, 'HY000', `Can't drop database '${name}'; database doesn't exist`) : new SqlError(0, '3D000', `database "${name}" does not exist`)
      throw this.#store.dialect === 'mysql' ? new SqlError(1051, '42S02', `Unknown table '${this.#database}.${name}'`) : new SqlError(0, '42P01', `table "${name}" does not exist`)
    }
    return done(database ? 'DROP DATABASE' : 'DROP TABLE')
  }

  #insert(): Outcome {
    const ignore = this.#take('IGNORE')
    this.#expect('INTO')
    const { table } = this.#table(this.#name())
    const names = this.#peek().text === '(' ? this.#names() : table.columns.map(({ name }) => name)
    const places = names.map((name) => this.#place(table.columns, name))
    if (!this.#take('VALUES') && !this.#take('VALUE')) throw this.#store.syntax(this.#rest())
    const rows: Value[][] = []
    do {
      this.#expect('(')
      const values: Value[] = []
      do values.push(this.#take('DEFAULT') ? null : this.#expression([])([]))
      while (this.#take(','))
      this.#expect(')')
      if (values.length !== places.length) throw this.#store.dialect === 'mysql' ? new SqlError(1136, '21S01', `Column count doesn't match value count at row ${rows.length + 1}`) : new SqlError(0, '42601', values.length > places.length ? 'INSERT has more expressions than target columns' : 'INSERT has more target columns than expressions')
      const row = table.columns.map((column, index) => {
        const at = places.indexOf(index)
        const value = at < 0 ? null : values[at]!
        if (value !== null) return value
        return column.serial ? table.next++ : column.standard
      })
      const key = table.columns.findIndex((column) => column.key)
      if (key >= 0 && [...table.rows, ...rows].some((each) => each[key] === row[key])) {
        if (ignore) continue
        throw this.#store.dialect === 'mysql' ? new SqlError(1062, '23000', `Duplicate entry '${row[key]}' for key 'PRIMARY'`) : new SqlError(0, '23505', 'duplicate key value violates unique constraint')
      }
      const missing = table.columns.find((column, index) => column.notNull && row[index] === null)
      if (missing) throw this.#store.dialect === 'mysql' ? new SqlError(1048, '23000', `Column '${missing.name}' cannot be null`) : new SqlError(0, '23502', `null value in column "${missing.name}" violates not-null constraint`)
      rows.push(row)
    } while (this.#take(','))
    table.rows.push(...rows)
    const serial = table.columns.findIndex((column) => column.serial)
    for (const row of rows) if (serial >= 0 && Number(row[serial]) >= table.next) table.next = Number(row[serial]) + 1
    return done(`INSERT 0 ${rows.length}`, rows.length)
  }

  #select(): Outcome {
    const start = this.#at
    // The columns are read once the table is known: first the words are looked for where it is named.
    let depth = 0
    while (this.#at < this.#tokens.length && !(depth === 0 && this.#peek().upper === 'FROM' && this.#peek().kind === 'word')) {
      if (this.#peek().text === '(') depth++
      if (this.#peek().text === ')') depth--
      this.#at++
    }
    const from = this.#take('FROM') ? this.#table(this.#name()).table : undefined
    const after = this.#at
    this.#at = start
    const columns = from?.columns ?? []
    const wanted: { readonly title: string; readonly value: Expression; readonly aggregate?: (rows: readonly (readonly Value[])[]) => Value }[] = []
    do {
      if (this.#take('*')) {
        columns.forEach((column, index) => wanted.push({ title: column.name, value: (row) => row[index]! }))
        continue
      }
      const first = this.#at
      const aggregate = this.#aggregate(columns)
      const value = aggregate ? () => null : this.#expression(columns)
      const text = this.#tokens.slice(first, this.#at).map((token) => token.text).join('')
      const title = this.#take('AS') ? this.#name() : this.#store.dialect === 'postgres' && !/^[\w.]+$/.test(text) ? (/^(\w+)\(/.exec(text)?.[1]?.toLowerCase() ?? '?column?') : text
      wanted.push({ title, value, ...(aggregate ? { aggregate } : {}) })
    } while (this.#take(','))
    if (from) this.#at = after
    let rows: (readonly Value[])[] = from ? this.#where(from) : [[]]
    if (this.#take('ORDER', 'BY')) {
      const by = this.#expression(columns)
      const down = this.#take('DESC')
      this.#take('ASC')
      rows = [...rows].sort((a, b) => compare(by(a), by(b)) * (down ? -1 : 1))
    }
    if (this.#take('LIMIT')) rows = rows.slice(0, Number(this.#next().text))
    if (this.#peek().text !== '') throw this.#store.syntax(this.#rest())
    const result = wanted.some(({ aggregate }) => aggregate) ? [wanted.map(({ aggregate, value }) => (aggregate ? aggregate(rows) : value(rows[0] ?? [])))] : rows.map((row) => wanted.map(({ value }) => value(row)))
    return { columns: wanted.map(({ title }) => title), rows: result, affected: result.length, tag: `SELECT ${result.length}` }
  }

  #aggregate(columns: readonly Column[]): ((rows: readonly (readonly Value[])[]) => Value) | undefined {
    const name = this.#peek().upper
    if (!['COUNT', 'SUM', 'MAX', 'MIN', 'AVG'].includes(name) || this.#tokens[this.#at + 1]?.text !== '(') return undefined
    this.#at += 2
    const all = this.#take('*')
    const value = all ? () => 1 : this.#expression(columns)
    this.#expect(')')
    return (rows) => {
      const values = rows.map((row) => value(row)).filter((each) => each !== null)
      if (name === 'COUNT') return values.length
      if (values.length === 0) return null
      const sum = values.reduce<number>((total, each) => total + Number(each), 0)
      if (name === 'SUM') return sum
      if (name === 'AVG') return sum / values.length
      return values.reduce((best, each) => (compare(each, best) * (name === 'MAX' ? 1 : -1) > 0 ? each : best))
    }
  }

  #where(table: Table): Value[][] {
    if (!this.#take('WHERE')) return table.rows
    const condition = this.#expression(table.columns)
    return table.rows.filter((row) => truth(condition(row)))
  }

  #update(): Outcome {
    const { table } = this.#table(this.#name())
    this.#expect('SET')
    const changes: { readonly place: number; readonly value: Expression }[] = []
    do {
      const place = this.#place(table.columns, this.#name())
      this.#expect('=')
      changes.push({ place, value: this.#operand(table.columns) })
    } while (this.#take(','))
    const chosen = new Set(this.#where(table))
    table.rows = table.rows.map((row) => {
      if (!chosen.has(row)) return row
      const next = [...row]
      for (const { place, value } of changes) next[place] = value(row)
      return next
    })
    return done(`UPDATE ${chosen.size}`, chosen.size)
  }

  #delete(): Outcome {
    this.#expect('FROM')
    const { table } = this.#table(this.#name())
    const chosen = new Set(this.#where(table))
    table.rows = table.rows.filter((row) => !chosen.has(row))
    return done(`DELETE ${chosen.size}`, chosen.size)
  }

  #show(): Outcome {
    const list = (title: string, values: readonly string[]): Outcome => ({ columns: [title], rows: values.map((value) => [value]), affected: values.length, tag: 'SHOW' })
    if (this.#take('DATABASES') || this.#take('SCHEMAS')) return list('Database', [...this.#store.databases.keys()].sort())
    if (this.#take('TABLES')) {
      const database = this.#take('FROM') || this.#take('IN') ? this.#name() : this.#database
      return list(`Tables_in_${database}`, [...this.#tables(database).keys()].sort())
    }
    if (this.#take('COLUMNS', 'FROM')) return this.#describe(this.#name())
    if (this.#take('VARIABLES')) return { columns: ['Variable_name', 'Value'], rows: [['version', this.#store.version]], affected: 1, tag: 'SHOW' }
    throw this.#store.syntax(this.#rest())
  }

  #describe(name: string): Outcome {
    const { table } = this.#table(name)
    const rows = table.columns.map((column) => [column.name, column.type, column.notNull || column.key ? 'NO' : 'YES', column.key ? 'PRI' : '', column.standard, column.serial ? 'auto_increment' : ''])
    return { columns: ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'], rows, affected: rows.length, tag: 'SELECT' }
  }

  #place(columns: readonly Column[], name: string): number {
    const plain = name.slice(name.lastIndexOf('.') + 1)
    const at = columns.findIndex((column) => column.name === plain)
    if (at < 0) throw this.#store.dialect === 'mysql' ? new SqlError(1054, '42S22', `Unknown column '${name}' in 'field list'`) : new SqlError(0, '42703', `column "${name}" does not exist`)
    return at
  }

  #expression(columns: readonly Column[]): Expression {
    let left = this.#conjunction(columns)
    while (this.#take('OR')) {
      const [a, b] = [left, this.#conjunction(columns)]
      left = (row) => (truth(a(row)) || truth(b(row)) ? 1 : 0)
    }
    return left
  }

  #conjunction(columns: readonly Column[]): Expression {
    let left = this.#comparison(columns)
    while (this.#take('AND')) {
      const [a, b] = [left, this.#comparison(columns)]
      left = (row) => (truth(a(row)) && truth(b(row)) ? 1 : 0)
    }
    return left
  }

  #comparison(columns: readonly Column[]): Expression {
    if (this.#take('NOT')) {
      const inner = this.#comparison(columns)
      return (row) => (truth(inner(row)) ? 0 : 1)
    }
    const left = this.#operand(columns)
    if (this.#take('IS', 'NOT', 'NULL')) return (row) => (left(row) === null ? 0 : 1)
    if (this.#take('IS', 'NULL')) return (row) => (left(row) === null ? 1 : 0)
    const not = this.#take('NOT')
    if (this.#take('LIKE') || this.#take('ILIKE')) {
      const right = this.#operand(columns)
      return (row) => (new RegExp(`^${String(right(row)).replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%/g, '.*').replace(/_/g, '.')}$`, 'is').test(String(left(row))) !== not ? 1 : 0)
    }
    if (this.#take('IN')) {
      this.#expect('(')
      const values: Expression[] = []
      do values.push(this.#operand(columns))
      while (this.#take(','))
      this.#expect(')')
      return (row) => (values.some((value) => compare(value(row), left(row)) === 0) !== not ? 1 : 0)
    }
    const operator = this.#peek().text
    if (!['=', '<>', '!=', '<', '>', '<=', '>='].includes(operator) || this.#peek().kind !== 'symbol') return left
    this.#at++
    const right = this.#operand(columns)
    return (row) => {
      const [a, b] = [left(row), right(row)]
      if (a === null || b === null) return null
      const order = compare(a, b)
      return (operator === '=' ? order === 0 : operator === '<' ? order < 0 : operator === '>' ? order > 0 : operator === '<=' ? order <= 0 : operator === '>=' ? order >= 0 : order !== 0) ? 1 : 0
    }
  }

  /** Values with arithmetic between them, from left to right. */
  #operand(columns: readonly Column[]): Expression {
    let left = this.#value(columns)
    for (;;) {
      const operator = this.#peek().kind === 'symbol' ? this.#peek().text : ''
      if (!['+', '-', '*', '/', '%', '||'].includes(operator)) return left
      this.#at++
      const [a, b] = [left, this.#value(columns)]
      left = (row) => {
        const [x, y] = [a(row), b(row)]
        if (x === null || y === null) return null
        if (operator === '||') return `${x}${y}`
        const [m, n] = [Number(x), Number(y)]
        if (operator === '/') return n === 0 ? null : this.#store.dialect === 'postgres' && Number.isInteger(m) && Number.isInteger(n) ? Math.trunc(m / n) : m / n
        return operator === '+' ? m + n : operator === '-' ? m - n : operator === '*' ? m * n : m % n
      }
    }
  }

  #value(columns: readonly Column[]): Expression {
    const token = this.#next()
    if (token.kind === 'number') return () => Number(token.text)
    if (token.kind === 'text') return () => token.text
    if (token.text === '-') {
      const inner = this.#value(columns)
      return (row) => -Number(inner(row))
    }
    if (token.text === '(') {
      const inner = this.#expression(columns)
      this.#expect(')')
      return inner
    }
    if (token.kind === 'symbol') {
      this.#at--
      throw this.#store.syntax(this.#rest())
    }
    const fixed: Readonly<Record<string, Value>> = { NULL: null, TRUE: 1, FALSE: 0, '@@VERSION': this.#store.version, '@@HOSTNAME': null, CURRENT_USER: this.#user }
    if (token.kind === 'word' && token.upper in fixed) return () => fixed[token.upper]!
    if (this.#peek().text === '(') {
      this.#at++
      const values: Expression[] = []
      if (!this.#take(')')) {
        do values.push(this.#expression(columns))
        while (this.#take(','))
        this.#expect(')')
      }
      const call = this.#function(token, values)
      return call
    }
    const at = this.#place(columns, token.kind === 'word' && this.#store.dialect === 'postgres' ? token.text.toLowerCase() : token.text)
    return (row) => row[at] ?? null
  }

  #function(token: Token, values: readonly Expression[]): Expression {
    const { dialect, version } = this.#store
    switch (token.upper) {
      case 'VERSION':
        return () => (dialect === 'mysql' ? version : `PostgreSQL ${version} (Debian ${version}-1.pgdg12+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit`)
      case 'DATABASE':
      case 'CURRENT_DATABASE':
        return () => (this.#database === '' ? null : this.#database)
      case 'USER':
      case 'CURRENT_USER':
        return () => this.#user
      case 'CONCAT':
        return (row) => values.map((value) => value(row) ?? '').join('')
      case 'UPPER':
        return (row) => String(values[0]?.(row)).toUpperCase()
      case 'LOWER':
        return (row) => String(values[0]?.(row)).toLowerCase()
      case 'LENGTH':
        return (row) => String(values[0]?.(row)).length
      case 'COALESCE':
      case 'IFNULL':
        return (row) => values.map((value) => value(row)).find((value) => value !== null) ?? null
      default:
        throw dialect === 'mysql' ? new SqlError(1305, '42000', `FUNCTION ${this.#database}.${token.text} does not exist`) : new SqlError(0, '42883', `function ${token.text.toLowerCase()}() does not exist`)
    }
  }
}

function truth(value: Value): boolean {
  return value !== null && value !== 0 && value !== '' && value !== '0'
}

/** As numbers where both look like one. */
function compare(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  const [x, y] = [Number(a), Number(b)]
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y
  return String(a) < String(b) ? -1 : String(a) === String(b) ? 0 : 1
}
