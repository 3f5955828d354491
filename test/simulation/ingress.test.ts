import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Deployment, Ingress, Service } from '../../main/api/generated/types.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { serviceKind } from '../../main/api/kinds/core/service.ts'
import { ingressKind } from '../../main/api/kinds/networking/ingress.ts'
import { kindFor } from '../../main/api/kinds/registry.ts'
import type { KubeObject } from '../../main/api/machinery/object.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import { bootedLab } from './simulated-lab.ts'

/** The controller of resources/manifests, applied as it is; and what Ingresses make of it, through a node port. */
test('an Ingress leads requests to Services by host and path', async () => {
  const lab = await bootedLab({ workers: 2 })
  const manifest = readFileSync(join(import.meta.dirname, '../../resources/manifests/ingress-nginx.yaml'), 'utf8')
  for (const document of parseAllDocuments(manifest)) {
    const object = document.toJS() as KubeObject
    const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0]! : ''
    await lab.settle(lab.client.create(kindFor(group, object.kind)!, object))
  }
  for (const [name, replicas] of [['coffee', 2], ['tea', 0]] as const) {
    const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'registry.k8s.io/e2e-test-images/agnhost:2.59', args: ['netexec'] }] } }
    await lab.settle(lab.client.create(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' }, spec: { replicas, selector: { matchLabels: { app: name } }, template } } as unknown as Deployment))
    await lab.settle(lab.client.create(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] } } as Service))
  }
  const path = (at: string, name: string): object => ({ path: at, pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } })
  const body = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'cafe', namespace: 'default' }, spec: { ingressClassName: 'nginx', tls: [{ hosts: ['cafe.example.com'], secretName: 'cafe' }], rules: [{ host: 'cafe.example.com', http: { paths: [path('/hostname', 'coffee'), path('/header', 'coffee'), path('/tea', 'tea')] } }] } }
  await lab.settle(lab.client.create(ingressKind, body as unknown as Ingress))
  await lab.until(async () => (await lab.client.list(podKind, {})).items.filter((pod) => ['coffee', undefined].includes(pod.metadata.labels?.['app']) && isPodReady(pod)).length > 3 && ((await lab.client.get(ingressKind, 'cafe', 'default')).status?.loadBalancer?.ingress?.length ?? 0) > 0, 120_000, 'the Ingress to have an address')
  await lab.cluster.kernel.runFor(3_000)

  const nodePort = (await lab.settle(lab.client.get(serviceKind, 'ingress-nginx-controller', 'ingress-nginx'))).spec!.ports![0]!.nodePort!
  const machine = lab.cluster.machines.get('controlplane')!
  const asking = machine.start('asking', () => ({}))
  const ask = async (host: string, at: string): Promise<string> => {
    const { status, body: page } = await lab.settle(new HttpClient(asking, { address: machine.stack.address, port: nodePort }).request({ method: 'GET', path: at, headers: { host } }))
    return `${status} ${new TextDecoder().decode(page as Uint8Array).split('\r\n')[1] ?? new TextDecoder().decode(page as Uint8Array)}`
  }
  const served = new Set<string>()
  for (let n = 0; n < 6; n++) served.add(await ask('cafe.example.com', '/hostname'))
  expect(served.size).toBe(2)
  for (const each of served) expect(each).toMatch(/^200 coffee-/)
  expect(await ask('cafe.example.com', '/header?key=X-Forwarded-Host')).toBe('200 cafe.example.com')
  expect(await ask('cafe.example.com', '/tea')).toBe('503 <head><title>503 Service Temporarily Unavailable</title></head>')
  expect(await ask('cafe.example.com', '/water')).toBe('404 <head><title>404 Not Found</title></head>')
  expect(await ask('elsewhere.example.com', '/hostname')).toBe('404 <head><title>404 Not Found</title></head>')
  const { ingress } = (await lab.settle(lab.client.get(ingressKind, 'cafe', 'default'))).status!.loadBalancer!
  expect(ingress).toEqual([{ ip: expect.stringMatching(/^192\.168\.64\.1[12]$/) }])
})
