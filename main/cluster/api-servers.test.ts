import { describe, expect, test } from 'vitest'
import type { HttpResponse, ServerExchange } from '../kernel/http.ts'
import { Scope } from '../kernel/scope.ts'
import { ApiServers } from './api-servers.ts'

const machines = ['a', 'b', 'c']

/** Three servers that keep what they are asked; `unhealthy` is what the load balancer thinks. */
function threeServers() {
  const unhealthy = new Set<string>()
  const servers = new ApiServers(machines, (machine) => !unhealthy.has(machine))
  const asked = new Map<string, ServerExchange[]>(machines.map((machine) => [machine, []]))
  const scopes = new Map<string, Scope>()
  const start = (machine: string): void => {
    const scope = new Scope()
    scopes.set(machine, scope)
    servers.started(machine, { handler: (exchange) => void asked.get(machine)!.push(exchange) }, scope)
  }
  return { servers, asked, start, unhealthy, kill: (machine: string) => scopes.get(machine)!.close() }
}

function exchange(port: number): ServerExchange & { readonly log: string[]; cancel(): void } {
  const log: string[] = []
  let onCancel = (): void => {}
  return {
    log,
    request: { method: 'GET', path: '/', headers: {} },
    source: { address: '127.0.0.1', port },
    byReference: true,
    backlogBytes: 0,
    respond: ({ status }: HttpResponse) => void log.push(`respond ${status}`),
    open: ({ status }: HttpResponse) => void log.push(`open ${status}`),
    send: (data: unknown) => void log.push(`send ${String(data)}`),
    end: () => void log.push('end'),
    onData: () => {},
    onCancel: (handler: () => void) => void (onCancel = handler),
    abort: () => void log.push('abort'),
    cancel: () => onCancel(),
  }
}

describe('the API servers from outside', () => {
  test('share connections among them, each connection staying where it is', () => {
    const { servers, start } = threeServers()
    machines.forEach(start)
    const ports = Array.from({ length: 900 }, (_, index) => 40_000 + index)
    const chosen = ports.map((port) => servers.machineFor({ address: '127.0.0.1', port }))
    expect(ports.map((port) => servers.machineFor({ address: '127.0.0.1', port }))).toEqual(chosen)
    for (const machine of machines) expect(chosen.filter((each) => each === machine).length).toBeGreaterThan(200)
  })

  test('move only the connections of the one that died', () => {
    const { servers, start, kill } = threeServers()
    machines.forEach(start)
    const ports = Array.from({ length: 300 }, (_, index) => 50_000 + index)
    const before = ports.map((port) => servers.machineFor({ address: '127.0.0.1', port }))
    kill('b')
    ports.forEach((port, index) => {
      const now = servers.machineFor({ address: '127.0.0.1', port })
      if (before[index] === 'b') expect(['a', 'c']).toContain(now)
      else expect(now).toBe(before[index])
    })
  })

  test('break what is under way on the one that dies, and nothing else', () => {
    const { servers, start, asked, kill } = threeServers()
    start('a')
    const open = exchange(1)
    const answered = exchange(2)
    const cancelled = exchange(3)
    for (const each of [open, answered, cancelled]) servers.handler(each)
    const [first, second, third] = asked.get('a')! as [ServerExchange, ServerExchange, ServerExchange]
    first.open({ status: 200, headers: {} })
    second.respond({ status: 200, headers: {} })
    let heard = 0
    third.onCancel(() => heard++)
    cancelled.cancel()
    kill('a')
    first.send('late')
    first.end()
    expect(open.log).toEqual(['open 200', 'abort'])
    expect(answered.log).toEqual(['respond 200'])
    expect(cancelled.log).toEqual([])
    expect(heard).toBe(1)
  })

  test('prefer those that the load balancer finds well, and take any before none', () => {
    const { servers, start, unhealthy } = threeServers()
    machines.forEach(start)
    unhealthy.add('a').add('b')
    expect(servers.machineFor({ address: '127.0.0.1', port: 7 })).toBe('c')
    expect(servers.machineFor({ address: '127.0.0.1', port: 0 })).toBe('c')
    unhealthy.add('c')
    expect(servers.machineFor({ address: '127.0.0.1', port: 0 })).toBe('a')
  })

  test('answer that there is none', () => {
    const { servers } = threeServers()
    const asking = exchange(1)
    servers.handler(asking)
    expect(asking.log).toEqual(['respond 503'])
  })
})
