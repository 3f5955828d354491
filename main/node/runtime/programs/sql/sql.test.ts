import { expect, test } from 'vitest'
import { NodeUnderTest } from '../../testing/node-under-test.ts'
import type { SqlError} from './database.ts';
import { SqlStore } from './database.ts'

const store = (): SqlStore => new SqlStore('mysql', '8.4.7', ['shop'])

test('tables: columns, keys, defaults, conditions, order, functions', () => {
  const shop = store()
  const run = (statement: string): unknown => shop.run(statement, 'shop', 'root@%').rows ?? shop.run('SELECT 1', 'shop', '').affected
  run('CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, price DECIMAL(10,2) DEFAULT 5)')
  run("INSERT INTO items (name, price) VALUES ('pear', 3), ('apple', 12), ('it''s', 7)")
  run("INSERT INTO items (name) VALUES ('plum')")
  expect(run('SELECT id, name FROM items WHERE price >= 5 AND name <> \'apple\' ORDER BY name DESC LIMIT 2')).toEqual([[4, 'plum'], [3, "it's"]])
  expect(run("SELECT COUNT(*), SUM(price), MAX(name) FROM items WHERE name LIKE 'p%'")).toEqual([[2, 8, 'plum']])
  run("UPDATE items SET price = price + 1 WHERE id IN (1, 2)")
  expect(run('SELECT price FROM items ORDER BY id')).toEqual([[4], [13], [7], [5]])
  run('DELETE FROM items WHERE price < 6')
  expect(run('SELECT * FROM items')).toEqual([[2, 'apple', 13], [3, "it's", 7]])
  expect(run('SHOW TABLES')).toEqual([['items']])
  expect(run("SELECT CONCAT(UPPER('a'), 1 + 2) AS x")).toEqual([['A3']])
})

test.each([
  ['SELEC 1', 1064, /near 'SELEC 1' at line 1$/],
  ['SELECT * FROM nothing', 1146, /^Table 'shop.nothing' doesn't exist$/],
  ['SELECT nope FROM t', 1054, /Unknown column 'nope'/],
  ["INSERT INTO t VALUES (1), (1)", 1062, /^Duplicate entry '1' for key 'PRIMARY'$/],
  ['INSERT INTO t VALUES (1, 2)', 1136, /Column count/],
  ['CREATE TABLE t (a int)', 1050, /already exists/],
  ['USE nowhere', 1049, /Unknown database 'nowhere'/],
])('%s is refused', (statement, code, message) => {
  const shop = store()
  shop.run('CREATE TABLE t (id int PRIMARY KEY)', 'shop', '')
  expect(() => shop.run(statement, 'shop', '')).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as SqlError)
})

test('mysql: passwords, batches, errors, other hosts', async () => {
  const node = new NodeUnderTest()
  const { containerId, ip } = await node.run('mysql:8.4', { env: [{ name: 'MYSQL_ROOT_PASSWORD', value: 'secret' }, { name: 'MYSQL_DATABASE', value: 'app' }] })
  expect((await node.exec(containerId, 'mysqladmin', 'ping')).code).toBe(1)
  await node.kernel.runFor(5_000)
  const sql = (...words: string[]): Promise<{ code: number; out: string; err: string }> => node.exec(containerId, 'mysql', ...words)
  expect(await sql('-psecret', 'app', '-e', "CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'one'), (2, NULL); SELECT * FROM t")).toEqual({ code: 0, out: 'id\tname\n1\tone\n2\tNULL\n', err: '' })
  expect(await sql('-pwrong', '-e', 'SELECT 1')).toEqual({ code: 1, out: '', err: "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)\n" })
  expect((await sql('-psecret', '-e', 'SELECT * FROM app.x')).err).toBe("ERROR 1146 (42S02) at line 1: Table 'app.x' doesn't exist\n")
  expect((await sql('-h', '192.0.2.1', '-psecret', '-e', 'SELECT 1')).err).toMatch(/^ERROR 2003 \(HY000\): Can't connect to MySQL server on '192.0.2.1:3306' \(11[01]\)\n$/)
  expect((await sql('-h', ip, '-uroot', '-psecret', '-N', '-e', 'SELECT COUNT(*) FROM app.t')).out).toBe('2\n')
  expect((await node.exec(containerId, 'mysqladmin', 'ping')).out).toBe('mysqld is alive\n')
})

test('mysql without a password does not start', async () => {
  const node = new NodeUnderTest()
  const { logPath } = await node.run('mysql:8.4')
  await node.kernel.runFor(1_000)
  expect(node.log(logPath)).toContain('Database is uninitialized and password option is not specified')
})

test('psql: aligned and bare output, errors, meta commands', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('postgres:17', { env: [{ name: 'POSTGRES_PASSWORD', value: 'pw' }, { name: 'POSTGRES_DB', value: 'app' }] })
  await node.kernel.runFor(3_000)
  const sql = (...words: string[]): Promise<{ code: number; out: string; err: string }> => node.exec(containerId, 'psql', '-U', 'postgres', '-d', 'app', ...words)
  expect((await sql('-c', "CREATE TABLE t (id serial PRIMARY KEY, name text); INSERT INTO t (name) VALUES ('a'), ('bc')")).out).toBe('CREATE TABLE\nINSERT 0 2\n')
  expect((await sql('-c', 'SELECT * FROM t')).out).toBe(' id | name \n----+------\n  1 | a\n  2 | bc\n(2 rows)\n\n')
  expect((await sql('-tAc', 'SELECT count(*) FROM t')).out).toBe('2\n')
  expect(await sql('-c', 'SELECT * FROM x')).toEqual({ code: 1, out: '', err: 'ERROR:  relation "x" does not exist\n' })
  expect((await sql('-c', '\\dt')).out).toContain('t\n')
  expect((await node.exec(containerId, 'pg_isready', '-U', 'postgres')).out).toBe('/var/run/postgresql:5432 - accepting connections\n')
  expect((await node.exec(containerId, 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-c', 'SELECT 1')).err).toContain('no password supplied')
})
