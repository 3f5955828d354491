import { iptablesTables } from '../proxy/iptables-text.ts'
import { rulesOf } from '../proxy/node-rules.ts'
import { fnv32a } from '../../api/machinery/hash.ts'
import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'

/** What a machine's network looks like from the machine itself. */

function hardwareAddress(address: string): string {
  return `52:54:00:${address.split('.').slice(1).map((part) => Number(part).toString(16).padStart(2, '0')).join(':')}`
}

interface Link {
  readonly index: number
  readonly name: string
  readonly shown: string
  readonly address: string
  readonly bits: number
}

function links(host: Host): Link[] {
  const { machine, interfaces } = host.facts
  const pods = (interfaces?.() ?? []).map(({ sandboxId, address }, at) => {
    const name = `veth${fnv32a(sandboxId).toString(16).padStart(8, '0')}`
    return { index: at + 3, name, shown: `${name}@if2`, address, bits: 32 }
  })
  return [{ index: 2, name: 'eth0', shown: 'eth0', address: machine.stack.address, bits: 24 }, ...pods]
}

/** `ip address|link|route` of iproute2. Not modelled: changing anything. */
export function ip(host: Host): Program {
  return async (context) => {
    const words = context.argv.slice(1)
    const brief = words.some((word) => /^-br(ief)?$/.test(word))
    const [what = '', ...rest] = words.filter((word) => !word.startsWith('-'))
    const named = rest.filter((word) => !['show', 'list', 'ls', 'dev'].includes(word))[0]
    const gateway = host.facts.machine.stack.address.replace(/\.\d+$/, '.1')
    if (what !== '' && ('address'.startsWith(what) || 'link'.startsWith(what))) {
      const addresses = 'address'.startsWith(what)
      const shown = links(host).filter((link) => named === undefined || link.name === named)
      const loopback = named === undefined || named === 'lo'
      if (!loopback && shown.length === 0) {
        await context.stderr.write(`Device "${named}" does not exist.\n`)
        return 1
      }
      let text = ''
      if (brief) {
        if (loopback) text += `${'lo'.padEnd(16)} UNKNOWN        ${addresses ? '127.0.0.1/8 ' : '00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> '}\n`
        for (const link of shown) text += `${link.shown.padEnd(16)} UP             ${addresses ? `${link.bits === 32 ? gatewayOf(host) : link.address}/${link.bits} ` : `${hardwareAddress(link.address)} <BROADCAST,MULTICAST,UP,LOWER_UP> `}\n`
      } else {
        if (loopback) text += `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN ${addresses ? 'group default' : 'mode DEFAULT group default'} qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n${addresses ? '    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n' : ''}`
        for (const link of shown) {
          text += `${link.index}: ${link.shown}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc ${link.bits === 32 ? 'noqueue' : 'fq_codel'} state UP ${addresses ? 'group default' : 'mode DEFAULT group default'} qlen 1000\n    link/ether ${hardwareAddress(link.address)} brd ff:ff:ff:ff:ff:ff${link.bits === 32 ? ` link-netnsid ${link.index - 3}` : ''}\n`
          if (addresses) text += link.bits === 32 ? `    inet ${gatewayOf(host)}/32 scope global ${link.name}\n       valid_lft forever preferred_lft forever\n` : `    inet ${link.address}/24 brd ${link.address.replace(/\.\d+$/, '.255')} scope global ${link.name}\n       valid_lft forever preferred_lft forever\n`
        }
      }
      await context.stdout.write(text)
      return 0
    }
    if (what !== '' && 'route'.startsWith(what)) {
      const own = host.facts.machine.stack.address
      const pods = links(host).filter((link) => link.bits === 32)
      await context.stdout.write(`default via ${gateway} dev eth0 \n${pods.map((link) => `${link.address} dev ${link.name} scope host \n`).join('')}${own.replace(/\.\d+$/, '.0')}/24 dev eth0 proto kernel scope link src ${own} \n`)
      return 0
    }
    if (what !== '' && 'neighbour'.startsWith(what)) {
      await context.stdout.write(`${gateway} dev eth0 lladdr ${hardwareAddress(gateway)} REACHABLE \n`)
      return 0
    }
    await context.stderr.write(what === '' ? 'Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n' : `Object "${what}" is unknown, try "ip help".\n`)
    return 1
  }
}

/** The node's own address on its pods' links. */
function gatewayOf(host: Host): string {
  return host.facts.podCidr?.()?.replace(/\.\d+\/\d+$/, '.1') ?? host.facts.machine.stack.address
}

/** kube-proxy's rules; none in its other modes. */
function tables(host: Host): ReturnType<typeof iptablesTables> {
  const rules = rulesOf(host.facts.machine.stack)
  return iptablesTables(rules.mode === 'iptables' ? [...rules.rules()] : [], host.facts.clusterCidr ?? '10.244.0.0/16')
}

/** `iptables-save [-t TABLE]`: the rules that the machine's packets meet. */
export function iptablesSave(host: Host): Program {
  return async (context) => {
    const at = context.argv.indexOf('-t')
    const table = at < 0 ? undefined : context.argv[at + 1]
    const time = new Date(context.clock.now()).toUTCString()
    for (const name of ['filter', 'nat'] as const) {
      if (table === undefined || table === name) await context.stdout.write(`# Generated by iptables-save v1.8.9 (nf_tables) on ${time}\n${tables(host)[name]}# Completed on ${time}\n`)
    }
    return 0
  }
}

/** `iptables -t nat -L|-S [CHAIN]`. Not modelled: changing rules, other tables. */
export function iptables(host: Host): Program {
  return async (context) => {
    const words = context.argv.slice(1)
    const table = words.includes('-t') ? words[words.indexOf('-t') + 1] : 'filter'
    const letters = words.filter((word) => /^-[a-zA-Z]+$/.test(word) && word !== '-t').join('')
    const chain = words.find((word, index) => !word.startsWith('-') && words[index - 1] !== '-t')
    if (/[AIDRFXNPZ]/.test(letters)) {
      await context.stderr.write(`iptables v1.8.9 (nf_tables):  RULE_APPEND failed (Operation not supported): rules are kube-proxy's\n`)
      return 4
    }
    const text = tables(host)[table === 'nat' ? 'nat' : 'filter']
    const lines = text.split('\n')
    const chains = lines.filter((line) => line.startsWith(':')).map((line) => ({ name: line.slice(1).split(' ')[0]!, policy: line.split(' ')[1]! }))
    const rules = lines.filter((line) => line.startsWith('-A '))
    const shown = chains.filter(({ name }) => chain === undefined || name === chain)
    if (shown.length === 0) {
      await context.stderr.write(`iptables: No chain/target/match by that name.\n`)
      return 1
    }
    if (letters.includes('S')) {
      await context.stdout.write([...shown.map(({ name, policy }) => (policy === '-' ? `-N ${name}` : `-P ${name} ${policy}`)), ...rules.filter((rule) => chain === undefined || rule.split(' ')[1] === chain)].map((line) => `${line}\n`).join(''))
      return 0
    }
    const blocks = shown.map(({ name, policy }) => {
      const references = rules.filter((rule) => rule.includes(` -j ${name}`)).length
      const head = `Chain ${name} (${policy === '-' ? `${references} reference${references === 1 ? '' : 's'}` : `policy ${policy}`})\ntarget     prot opt source               destination         \n`
      return head + rules.filter((rule) => rule.split(' ')[1] === name).map((rule) => `${row(rule)}\n`).join('')
    })
    await context.stdout.write(blocks.join('\n'))
    return 0
  }
}

function row(rule: string): string {
  const value = (pattern: RegExp): string | undefined => pattern.exec(rule)?.[1]
  const target = value(/ -j (\S+)/) ?? ''
  const protocol = value(/ -p (\S+)/) ?? 'all'
  const address = (letter: string): string => {
    const match = new RegExp(`(! )?-${letter} (\\S+)`).exec(rule)
    return match ? `${match[1] ? '!' : ''}${match[2]!.replace(/\/32$/, '')}` : '0.0.0.0/0'
  }
  const comment = value(/--comment "([^"]*)"/)
  const port = value(/--dport (\d+)/)
  const extra = [comment && `/* ${comment} */`, port && `${protocol} dpt:${port}`, value(/--probability (\S+)/) && `statistic mode random probability ${value(/--probability (\S+)/)}`, value(/--to-destination (\S+)/) && `${protocol} to:${value(/--to-destination (\S+)/)}`, value(/--mark (\S+)/) && `mark match ${value(/--mark (\S+)/)}`, value(/--set-xmark (\S+)/) && `MARK xset ${value(/--set-xmark (\S+)/)}`, rule.includes('--dst-type LOCAL') && 'ADDRTYPE match dst-type LOCAL'].filter(Boolean)
  return `${target.padEnd(10)} ${protocol.padEnd(4)} --  ${address('s').padEnd(20)} ${address('d').padEnd(20)} ${extra.join(' ')}`.trimEnd()
}

const owners: Readonly<Record<number, string>> = { 22: 'sshd', 2379: 'etcd', 2380: 'etcd', 2381: 'etcd', 6443: 'kube-apiserver', 10248: 'kubelet', 10249: 'kube-proxy', 10250: 'kubelet', 10256: 'kube-proxy', 10257: 'kube-controller', 10259: 'kube-scheduler' }

/** `ss -lntup`: what listens on the machine, and whose it is. Not modelled: filters, sockets that are connected. */
export function ss(host: Host): Program {
  return async (context) => {
    const letters = context.argv.slice(1).filter((word) => /^-\w/.test(word)).join('')
    const udp = letters.includes('u')
    const tcp = letters.includes('t') || !udp
    const entries = host.processes.entries()
    const found = [...context.stack.listening(), { protocol: 'tcp', address: '*', port: 22 }].filter((each) => !each.address.startsWith('/') && each.port !== 0 && ((each.protocol === 'tcp' && tcp) || (each.protocol === 'udp' && udp))).sort((a, b) => a.port - b.port)
    const rows = found.map((each) => {
      const owner = owners[each.port]
      const entry = owner && entries.find(({ command }) => command[0]!.split('/').at(-1)!.replace(/:$/, '').startsWith(owner))
      const users = letters.includes('p') && entry ? `users:(("${owner}",pid=${entry.pid},fd=3))` : ''
      const both = tcp && udp ? [each.protocol] : []
      return [...both, each.protocol === 'tcp' ? 'LISTEN' : 'UNCONN', '0', each.protocol === 'tcp' ? '4096' : '0', `${each.address === '*' ? '0.0.0.0' : each.address}:${each.port}`, '0.0.0.0:*', users]
    })
    const table = [[...(tcp && udp ? ['Netid'] : []), 'State', 'Recv-Q', 'Send-Q', 'Local Address:Port', 'Peer Address:Port', 'Process'], ...rows]
    const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)))
    const numbers = tcp && udp ? 4 : 3
    await context.stdout.write(table.map((cells) => `${cells.map((cell, column) => (column === cells.length - 1 ? cell : column >= numbers ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join(' ').trimEnd()}\n`).join(''))
    return 0
  }
}
