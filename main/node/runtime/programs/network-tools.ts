import { lookUp } from './name-lookup.ts'
import { readOptions } from './options.ts'
import type { ProcessContext, Program } from './program.ts'
import { nameOf } from './text-input.ts'

/** ping, ip, ifconfig, route, netstat, ss, arp, traceroute: what a pod can see of its network. */

const mtu = 1500

function hardwareAddress(address: string): string {
  return `0a:58:${address.split('.').map((part) => Number(part).toString(16).padStart(2, '0')).join(':')}`
}

/** Whether an echo would come back: the host exists, is up, and the path to it is whole. */
function reaches(context: ProcessContext, address: string): boolean {
  const { network } = context.stack
  if (address.startsWith('127.')) return true
  const target = network.stackAt(address)
  return target !== undefined && !target.down && !network.isCut(context.stack.machine, target.machine)
}

export const ping: Program = async (context) => {
  const options = await readOptions(context, 'c:i:w:W:s:q4I:nt:v')
  if (!options) return 1
  const host = options.operands[0]
  if (host === undefined) {
    await context.stderr.write('BusyBox v1.37.0 () multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n')
    return 1
  }
  const found = await lookUp(context, host)
  if (!found.found) {
    await context.stderr.write(`ping: bad address '${host}'\n`)
    return 1
  }
  const address = found.addresses[0]!
  const count = Number(options.values.get('c') ?? Infinity)
  const size = Number(options.values.get('s') ?? 56)
  const deadline = options.values.has('w') ? context.clock.now() + Number(options.values.get('w')) * 1000 : Infinity
  const intervalMs = Number(options.values.get('i') ?? 1) * 1000
  const times: number[] = []
  let sent = 0
  let interrupted = false
  let wake: (() => void) | undefined
  context.onSignal('INT', () => {
    interrupted = true
    wake?.()
  })
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
      context.clock.after(ms, resolve)
    })
  await context.stdout.write(`PING ${host} (${address}): ${size} data bytes\n`)
  const { network } = context.stack
  while (sent < count && !interrupted && context.clock.now() < deadline) {
    sent++
    const startedAt = context.clock.now()
    if (reaches(context, address)) {
      const machine = network.stackAt(address)?.machine ?? context.stack.machine
      await context.sleep(network.delayMs(context.stack.machine, machine) + network.delayMs(machine, context.stack.machine))
      const took = context.clock.now() - startedAt
      times.push(took)
      if (!options.flags.has('q')) await context.stdout.write(`${size + 8} bytes from ${address}: seq=${sent - 1} ttl=${machine === context.stack.machine ? 64 : 62} time=${took.toFixed(3)} ms\n`)
    } else if (sent === count) await rest(Number(options.values.get('W') ?? 10) * 1000)
    if (sent < count && !interrupted) await rest(Math.max(0, intervalMs - (context.clock.now() - startedAt)))
  }
  const loss = Math.round((1 - times.length / sent) * 100)
  await context.stdout.write(`\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${times.length} packets received, ${loss}% packet loss\n`)
  if (times.length > 0) await context.stdout.write(`round-trip min/avg/max = ${Math.min(...times).toFixed(3)}/${(times.reduce((sum, each) => sum + each, 0) / times.length).toFixed(3)}/${Math.max(...times).toFixed(3)} ms\n`)
  return times.length > 0 ? 0 : 1
}

function gateway(context: ProcessContext): string {
  return context.stack.address.replace(/\.\d+$/, '.1')
}

function subnet(context: ProcessContext): string {
  return context.stack.address.replace(/\.\d+$/, '.0')
}

export const ip: Program = async (context) => {
  const words = context.argv.slice(1).filter((word) => !word.startsWith('-'))
  const what = words[0] ?? 'help'
  const address = context.stack.address
  if ('address'.startsWith(what) || 'link'.startsWith(what)) {
    const withAddresses = 'address'.startsWith(what)
    await context.stdout.write(
      `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n${withAddresses ? '    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n' : ''}2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu ${mtu} qdisc noqueue state UP qlen 1000\n    link/ether ${hardwareAddress(address)} brd ff:ff:ff:ff:ff:ff\n${withAddresses ? `    inet ${address}/24 brd ${address.replace(/\.\d+$/, '.255')} scope global eth0\n       valid_lft forever preferred_lft forever\n` : ''}`,
    )
    return 0
  }
  if ('route'.startsWith(what)) {
    await context.stdout.write(`default via ${gateway(context)} dev eth0 \n${subnet(context)}/24 dev eth0 scope link  src ${address} \n`)
    return 0
  }
  if ('neighbour'.startsWith(what)) {
    await context.stdout.write(`${gateway(context)} dev eth0 lladdr ${hardwareAddress(gateway(context))} ref 1 used 0/0/0 probes 1 REACHABLE \n`)
    return 0
  }
  await context.stderr.write('BusyBox v1.37.0 () multi-call binary.\n\nUsage: ip [OPTIONS] address|route|link|neigh [ARGS]\n')
  return 1
}

export const ifconfig: Program = async (context) => {
  const address = context.stack.address
  await context.stdout.write(
    `eth0      Link encap:Ethernet  HWaddr ${hardwareAddress(address).toUpperCase()}  \n          inet addr:${address}  Bcast:${address.replace(/\.\d+$/, '.255')}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:${mtu}  Metric:1\n\nlo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n`,
  )
  return 0
}

export const route: Program = async (context) => {
  await context.stdout.write(
    `Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n${'0.0.0.0'.padEnd(15)} ${gateway(context).padEnd(15)} 0.0.0.0         UG    0      0        0 eth0\n${subnet(context).padEnd(15)} 0.0.0.0         255.255.255.0   U     0      0        0 eth0\n`,
  )
  return 0
}

export const arp: Program = async (context) => {
  await context.stdout.write(`? (${gateway(context)}) at ${hardwareAddress(gateway(context))} [ether]  on eth0\n`)
  return 0
}

/** netstat and ss: the listeners of this network namespace. */
export const netstat: Program = async (context) => {
  const letters = context.argv.slice(1).join('')
  if (letters.includes('r')) return route(context)
  const listeners = context.stack.listening().filter((each) => !each.address.startsWith('/')).sort((a, b) => a.port - b.port)
  if (nameOf(context) === 'ss') {
    const rows = listeners.map((each) => `${each.protocol.padEnd(6)}${(each.protocol === 'tcp' ? 'LISTEN' : 'UNCONN').padEnd(10)}0      ${'4096'.padEnd(6)} ${`${each.address === '*' ? '0.0.0.0' : each.address}:${each.port}`.padStart(20)}      0.0.0.0:*`)
    await context.stdout.write(`Netid State     Recv-Q Send-Q    Local Address:Port  Peer Address:Port Process\n${rows.map((row) => `${row}\n`).join('')}`)
    return 0
  }
  await context.stdout.write(`Active Internet connections (${letters.includes('l') ? 'only servers' : letters.includes('a') ? 'servers and established' : 'w/o servers'})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       ${letters.includes('p') ? 'PID/Program name    ' : ''}\n`)
  if (!letters.includes('l') && !letters.includes('a')) return 0
  for (const each of listeners) {
    if ((letters.includes('t') && !letters.includes('u') && each.protocol !== 'tcp') || (letters.includes('u') && !letters.includes('t') && each.protocol !== 'udp')) continue
    const local = `${each.address === '*' ? '0.0.0.0' : each.address}:${each.port}`
    await context.stdout.write(`${each.protocol}        0      0 ${local.padEnd(23)} ${'0.0.0.0:*'.padEnd(23)} ${(each.protocol === 'tcp' ? 'LISTEN' : '').padEnd(11)} ${letters.includes('p') ? '1/' : ''}\n`)
  }
  return 0
}

export const traceroute: Program = async (context) => {
  const host = context.argv.slice(1).find((word) => !word.startsWith('-'))
  if (host === undefined) return 1
  const found = await lookUp(context, host)
  if (!found.found) {
    await context.stderr.write(`traceroute: bad address '${host}'\n`)
    return 1
  }
  const address = found.addresses[0]!
  await context.stdout.write(`traceroute to ${host} (${address}), 30 hops max, 46 byte packets\n`)
  const { network } = context.stack
  const hop = async (number: number, at: string, machine: string): Promise<void> => {
    const times: string[] = []
    for (let probe = 0; probe < 3; probe++) times.push(`${(network.delayMs(context.stack.machine, machine) * 2).toFixed(3)} ms`)
    await context.sleep(1)
    await context.stdout.write(`${String(number).padStart(2)}  ${at} (${at})  ${times.join('  ')}\n`)
  }
  await hop(1, gateway(context), context.stack.machine)
  const target = network.stackAt(address)
  if (target && reaches(context, address)) {
    const parent = target.parent
    if (parent && parent.machine !== context.stack.machine) await hop(2, parent.address, parent.machine)
    await hop(parent && parent.machine !== context.stack.machine ? 3 : 2, address, target.machine)
    return 0
  }
  for (let number = 2; number <= 30; number++) {
    await context.sleep(15_000)
    await context.stdout.write(`${String(number).padStart(2)}  *  *  *\n`)
  }
  return 0
}
