import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const base = '/api/v1/namespaces/default'
const pod = (resources: object = {}, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec } })

async function start(...limits: object[]) {
  const server = await startServer()
  await server.call('POST', `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  await server.call('POST', `${base}/limitranges`, { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } })
  await server.run(20)
  return async (body: object, plural = 'pods') => (await server.call('POST', `${base}/${plural}?dryRun=All`, body)).json
}

describe('a limit range', () => {
  it('gives containers what they do not say', async () => {
    const make = await start({ type: 'Container', default: { cpu: '500m', memory: '512Mi' }, defaultRequest: { cpu: '100m' } })
    const made = await make(pod({ limits: { cpu: '200m' } }, { initContainers: [{ name: 'i', image: 'i' }] }))
    expect(made.metadata.annotations['kubernetes.io/limit-ranger']).toBe('LimitRanger plugin set: memory request for container c; memory limit for container c; cpu, memory request for init container i; cpu, memory limit for init container i')
    expect(made.spec.containers[0].resources).toEqual({ limits: { cpu: '200m', memory: '512Mi' }, requests: { cpu: '200m', memory: '512Mi' } })
    expect(made.spec.initContainers[0].resources).toEqual({ limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '512Mi' } })
  })

  it.each([
    [{ type: 'Container', max: { cpu: '1' } }, pod({ limits: { cpu: '2' } }), 'maximum cpu usage per Container is 1, but limit is 2'],
    [{ type: 'Container', min: { memory: '10Mi' } }, pod({ requests: { memory: '5Mi' } }), 'minimum memory usage per Container is 10Mi, but request is 5Mi'],
    [{ type: 'Pod', max: { cpu: '1' } }, pod(), 'maximum cpu usage per Pod is 1.  No limit is specified'],
    [{ type: 'Pod', min: { cpu: '1' } }, pod(), 'minimum cpu usage per Pod is 1.  No request is specified'],
    [{ type: 'Container', maxLimitRequestRatio: { cpu: '2' } }, pod({ requests: { cpu: '100m' }, limits: { cpu: '350m' } }), 'cpu max limit to request ratio per Container is 2, but provided ratio is 3.500000'],
    [{ type: 'Container', maxLimitRequestRatio: { cpu: '2' } }, pod(), 'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0'],
    [{ type: 'Pod', max: { cpu: '1', memory: '1Gi' } }, pod({ limits: { cpu: '2', memory: '2Gi' } }), '[maximum cpu usage per Pod is 1, but limit is 2, maximum memory usage per Pod is 1Gi, but limit is 2Gi]'],
  ])('refuses beyond %j', async (limit, body, message) => {
    expect((await (await start(limit))(body)).message).toBe(`pods "p" is forbidden: ${message}`)
  })

  it('bounds claims', async () => {
    const make = await start({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } })
    const claim = (storage: string) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'p' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } } })
    expect((await make(claim('3Gi'), 'persistentvolumeclaims')).message).toBe('persistentvolumeclaims "p" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi')
    expect((await make(claim('1Mi'), 'persistentvolumeclaims')).message).toBe('persistentvolumeclaims "p" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi')
    expect((await make(claim('2Gi'), 'persistentvolumeclaims')).kind).toBe('PersistentVolumeClaim')
  })
})
