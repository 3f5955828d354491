import type { ToolSettings } from '../images/catalogue.ts'
import { ask, askServer, candidates, isAddress, lookUp, readResolvConf } from './name-lookup.ts'
import type { DnsRecord, ProcessContext, Program } from './program.ts'
import { nameOf } from './text-input.ts'
import { httpDate } from './http-text.ts'

/** nslookup, dig and host. */

function reverseName(address: string): string {
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`
}

export const nslookup: Program = async (context) => {
  const words = context.argv.slice(1)
  const type = (words.map((word) => /^-(?:query|type|q)=(\w+)$/.exec(word)?.[1]).find((each) => each !== undefined) ?? 'A').toUpperCase()
  const [name, server] = words.filter((word) => !word.startsWith('-'))
  if (name === undefined) {
    await context.stderr.write('Usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n')
    return 1
  }
  const conf = readResolvConf(context)
  const busybox = context.files.find('/bin/busybox') !== undefined && context.which('dig') === undefined
  let asked = server ?? conf.servers[0] ?? '127.0.0.1'
  if (!isAddress(asked)) {
    const reply = await ask(context, conf, asked, 'A')
    const address = reply?.answers.find((record) => record.type === 'A')?.data
    if (address === undefined) {
      await context.stderr.write(busybox ? `nslookup: bad address '${asked}'\n` : `nslookup: couldn't get address for '${asked}': not found\n`)
      return 1
    }
    asked = address
  }
  const reverse = isAddress(name)
  const image = context.settings as ToolSettings | undefined
  if (busybox && image !== undefined && /\/busybox$/.test(image.image) && Number(image.version.split('.')[1]) < 29) return oldLookup(context, name, asked)
  // busybox asks for a name with a dot in it as it is, whatever resolv.conf says; the others go by ndots.
  const names = reverse ? [reverseName(name)] : busybox && name.includes('.') ? [name.replace(/\.$/, '')] : candidates(name, conf)
  const lines: string[] = []
  let found = false
  let heard = false
  const failures: string[] = []
  for (const each of names) {
    const reply = await askServer(context, asked, each, reverse ? 'PTR' : type, conf.timeoutMs)
    if (!reply) {
      if (!heard) break
      continue
    }
    heard = true
    if (reply.status !== 'NOERROR') failures.push(`** server can't find ${each}: ${reply.status}\n`)
    else if (reply.answers.length === 0) failures.push(`*** Can't find ${each}: No answer\n`)
    else {
      found = true
      for (const record of reply.answers) lines.push(nslookupLine(record))
      break
    }
  }
  if (!heard) {
    await context.stdout.write(busybox ? ';; connection timed out; no servers could be reached\n\n' : `;; communications error to ${asked}#53: timed out\n;; no servers could be reached\n\n`)
    return 1
  }
  const head = busybox ? `Server:\t\t${asked}\nAddress:\t${asked}:53\n\n` : `Server:\t\t${asked}\nAddress:\t${asked}#53\n\n`
  // busybox tells of every candidate that failed; bind's tool only of the last.
  const shownFailures = busybox ? failures.map((line) => `${line}\n`).join('') : found ? '' : `${failures.at(-1) ?? ''}\n`
  await context.stdout.write(`${head}${shownFailures}${lines.join('')}${found ? '\n' : ''}`)
  return found ? 0 : 1
}

/** busybox up to 1.28: resolves as the C library does, and names every address. */
async function oldLookup(context: ProcessContext, name: string, server: string): Promise<number> {
  const nameOfAddress = async (address: string): Promise<string> => {
    const reply = await askServer(context, server, reverseName(address), 'PTR', 1000)
    const pointer = reply?.answers.find((record) => record.type === 'PTR')?.data.replace(/\.$/, '')
    return pointer === undefined ? address : `${address} ${pointer}`
  }
  await context.stdout.write(`Server:    ${server}\nAddress 1: ${await nameOfAddress(server)}\n\n`)
  const found = await lookUp(context, name)
  if (!found.found) {
    await context.stderr.write(`nslookup: can't resolve '${name}'\n`)
    return 1
  }
  let number = 0
  await context.stdout.write(`Name:      ${name}\n`)
  for (const address of found.addresses) await context.stdout.write(`Address ${++number}: ${await nameOfAddress(address)}\n`)
  return 0
}

function nslookupLine(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return `Name:\t${record.name}\nAddress: ${record.data}\n`
    case 'CNAME':
      return `${record.name}\tcanonical name = ${record.data}\n`
    case 'PTR':
      return `${record.name}\tname = ${record.data}\n`
    case 'SRV':
      return `${record.name}\tservice = ${record.data}\n`
    case 'TXT':
      return `${record.name}\ttext = ${record.data}\n`
    default:
      return `${record.name}\t${record.type} ${record.data}\n`
  }
}

export const dig: Program = async (context) => {
  const words = context.argv.slice(1)
  const conf = readResolvConf(context)
  const server = words.find((word) => word.startsWith('@'))?.slice(1) ?? conf.servers[0] ?? '127.0.0.1'
  const short = words.includes('+short')
  const search = words.includes('+search')
  const plain = words.filter((word) => !/^[@+-]/.test(word))
  const type = plain.find((word) => /^(A|AAAA|CNAME|SRV|PTR|TXT|NS|SOA|ANY|MX)$/i.test(word))?.toUpperCase() ?? (words.includes('-x') ? 'PTR' : 'A')
  const given = plain.find((word) => !/^(A|AAAA|CNAME|SRV|PTR|TXT|NS|SOA|ANY|MX|IN)$/i.test(word)) ?? '.'
  const name = words.includes('-x') ? reverseName(given) : given
  const startedAt = context.clock.now()
  let reply
  let asked = name.replace(/\.$/, '')
  for (const each of search ? candidates(name, conf) : [asked]) {
    asked = each
    reply = await askServer(context, server, each, type, 5000)
    if (!reply || reply.answers.length > 0) break
  }
  if (!reply) {
    await context.stdout.write(`;; communications error to ${server}#53: timed out\n\n; <<>> DiG 9.20.15 <<>> ${words.join(' ')}\n;; no servers could be reached\n`)
    return 9
  }
  if (short) {
    await context.stdout.write(reply.answers.map((record) => `${record.data}${record.type === 'CNAME' || record.type === 'PTR' ? dot(record.data) : ''}\n`).join(''))
    return 0
  }
  const row = (record: DnsRecord): string => `${`${record.name}.`.padEnd(24)}${record.ttl}\tIN\t${record.type}\t${record.data}\n`
  const answers = reply.answers.length > 0 ? `;; ANSWER SECTION:\n${reply.answers.map(row).join('')}\n` : ''
  await context.stdout.write(
    `\n; <<>> DiG 9.20.15 <<>> ${words.join(' ')}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${reply.status}, id: ${context.random.below(65_536)}\n;; flags: qr aa rd; QUERY: 1, ANSWER: ${reply.answers.length}, AUTHORITY: 0, ADDITIONAL: 1\n\n;; QUESTION SECTION:\n${`;${asked}.`.padEnd(24)}\tIN\t${type}\n\n${answers};; Query time: ${Math.round(context.clock.now() - startedAt)} msec\n;; SERVER: ${server}#53(${server}) (UDP)\n;; WHEN: ${httpDate(context.clock.now())}\n;; MSG SIZE  rcvd: ${64 + reply.answers.length * 32}\n\n`,
  )
  return 0
}

function dot(name: string): string {
  return name.endsWith('.') ? '' : '.'
}

export const host: Program = async (context: ProcessContext) => {
  const [name, server] = context.argv.slice(1).filter((word) => !word.startsWith('-'))
  if (name === undefined) {
    await context.stderr.write(`Usage: ${nameOf(context)} [-aCdilrTvVw] hostname [server]\n`)
    return 1
  }
  const conf = readResolvConf(context)
  const reverse = isAddress(name)
  for (const each of reverse ? [reverseName(name)] : candidates(name, conf)) {
    const reply = server === undefined ? await ask(context, conf, each, reverse ? 'PTR' : 'A') : await askServer(context, server, each, reverse ? 'PTR' : 'A', 5000)
    if (!reply) {
      await context.stdout.write(';; connection timed out; no servers could be reached\n')
      return 1
    }
    if (reply.answers.length === 0) continue
    for (const record of reply.answers) await context.stdout.write(record.type === 'A' ? `${record.name} has address ${record.data}\n` : record.type === 'CNAME' ? `${record.name} is an alias for ${record.data}.\n` : `${record.name} domain name pointer ${record.data}.\n`)
    return 0
  }
  await context.stdout.write(`Host ${name} not found: 3(NXDOMAIN)\n`)
  return 1
}
