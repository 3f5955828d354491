/** The smaller plugins, through a server. */
import 'reflect-metadata'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { podKind } from '../../../api/kinds/core/pod.ts'
import type { TestServer } from '../testing/start-server.ts'
import { startServer } from '../testing/start-server.ts'

const base = '/api/v1/namespaces/default'
const ec = { name: 'ECDSA', namedCurve: 'P-256' } as const
const merge = { 'content-type': 'application/merge-patch+json' }

async function make({ call, run }: TestServer, path: string, body: object) {
  const answer = await call('POST', path, body)
  await run(10)
  return answer.json
}

const storageClass = (name: string, isDefault = false, more: object = {}) => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, annotations: isDefault ? { 'storageclass.kubernetes.io/is-default-class': 'true' } : {} }, provisioner: 'x', ...more })
const claim = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec } })

describe('claims', () => {
  it('get the newest default class, unless they name one or none', async () => {
    const server = await startServer()
    await make(server, '/apis/storage.k8s.io/v1/storageclasses', storageClass('old', true))
    await server.run(2_000)
    await make(server, '/apis/storage.k8s.io/v1/storageclasses', storageClass('new', true))
    expect((await make(server, `${base}/persistentvolumeclaims`, claim('a'))).spec.storageClassName).toBe('new')
    expect((await make(server, `${base}/persistentvolumeclaims`, claim('b', { storageClassName: '' }))).spec.storageClassName).toBe('')
    expect((await make(server, `${base}/persistentvolumeclaims`, claim('c', { storageClassName: 'old' }))).spec.storageClassName).toBe('old')
  })

  it('are kept while they are used', async () => {
    expect((await make(await startServer(), `${base}/persistentvolumeclaims`, claim('a'))).metadata.finalizers).toEqual(['kubernetes.io/pvc-protection'])
  })

  it('grow only when they are bound and their class can', async () => {
    const server = await startServer()
    await make(server, '/apis/storage.k8s.io/v1/storageclasses', storageClass('fixed'))
    await make(server, '/apis/storage.k8s.io/v1/storageclasses', storageClass('elastic', false, { allowVolumeExpansion: true }))
    for (const name of ['fixed', 'elastic']) await make(server, `${base}/persistentvolumeclaims`, claim(name, { storageClassName: name, volumeName: `pv-${name}` }))
    const grow = async (name: string) => (await server.call('PATCH', `${base}/persistentvolumeclaims/${name}`, { spec: { resources: { requests: { storage: '2Gi' } } } }, merge)).json
    expect((await grow('elastic')).message).toMatch(/^persistentvolumeclaims "elastic" is forbidden: Only bound persistent volume claims can be expanded$|is invalid/)
    for (const name of ['fixed', 'elastic']) await server.call('PATCH', `${base}/persistentvolumeclaims/${name}/status`, { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }, merge)
    await server.run(10)
    expect((await grow('fixed')).message).toBe('persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
    expect((await grow('elastic')).spec.resources.requests.storage).toBe('2Gi')
  })
})

it('Ingresses get the default class', async () => {
  const server = await startServer()
  await make(server, '/apis/networking.k8s.io/v1/ingressclasses', { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'web', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } }, spec: { controller: 'x.io/y' } })
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'i' }, spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } }
  expect((await make(server, '/apis/networking.k8s.io/v1/namespaces/default/ingresses', ingress)).spec.ingressClassName).toBe('web')
})

describe('runtime classes', () => {
  it('lend their overhead and their place to pods', async () => {
    const server = await startServer()
    await make(server, `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
    await make(server, '/apis/node.k8s.io/v1/runtimeclasses', { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'sandbox' }, handler: 'sandbox', overhead: { podFixed: { cpu: '250m' } }, scheduling: { nodeSelector: { kind: 'vm' }, tolerations: [{ key: 'vm', operator: 'Exists' }] } })
    const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } })
    const tried = async (spec: object) => (await server.call('POST', `${base}/pods?dryRun=All`, pod(spec))).json
    const made = await tried({ runtimeClassName: 'sandbox', nodeSelector: { a: 'b' }, tolerations: [{ key: 'vm', operator: 'Exists', effect: 'NoSchedule' }] })
    expect(made.spec).toMatchObject({ overhead: { cpu: '250m' }, nodeSelector: { a: 'b', kind: 'vm' } })
    expect(made.spec.tolerations.filter(({ key }: { key: string }) => key === 'vm')).toEqual([{ key: 'vm', operator: 'Exists' }])
    expect((await tried({ runtimeClassName: 'sandbox', nodeSelector: { kind: 'metal' } })).message).toBe('pods "p" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[kind] = vm; pod.spec.nodeSelector[kind] = metal')
    expect((await tried({ runtimeClassName: 'none' })).message).toBe('pods "p" is forbidden: pod rejected: RuntimeClass "none" not found')
    expect((await tried({ runtimeClassName: 'sandbox', overhead: { cpu: '1' } })).message).toBe('pods "p" is forbidden: pod rejected: Pod\'s Overhead doesn\'t match RuntimeClass\'s defined Overhead')
    expect((await tried({ overhead: { cpu: '1' } })).message).toBe('pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
  })
})

it('pods know the zone of the node that they are bound to', async () => {
  const server = await startServer()
  await make(server, `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  await make(server, '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'a' } } })
  await make(server, `${base}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  await make(server, `${base}/pods/p/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } })
  expect((await server.call('GET', `${base}/pods/p`)).json.metadata.labels).toEqual({ 'topology.kubernetes.io/zone': 'a' })
})

it('a pod waits a while for its namespace’s default account', async () => {
  const server = await startServer()
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  expect((await server.call('POST', `${base}/pods`, pod)).json.message).toBe('pods "p" is forbidden: error looking up service account default/default: serviceaccount "default" not found')
  expect((await server.call('POST', `${base}/pods`, { ...pod, spec: { ...pod.spec, serviceAccountName: 'other' } })).json.message).toBe('pods "p" is forbidden: error looking up service account default/other: serviceaccount "other" not found')
  const made = server.client().create(podKind, { ...pod, metadata: { name: 'p', namespace: 'default' } } as never)
  await server.run(300)
  await server.call('POST', `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  expect((await server.settle(made)).spec?.serviceAccountName).toBe('default')
})

it('certificates are approved and signed by those who may', async () => {
  const server = await startServer()
  const jane = { commonName: 'jane', organizations: [] }
  const csrs = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const request = async (organization: string) => {
    const made = await Pkcs10CertificateRequestGenerator.create({
      name: `CN=bob,O=${organization}`,
      keys: { publicKey: await webcrypto.subtle.importKey('spki', keys.publicKey.export({ type: 'spki', format: 'der' }), ec, true, ['verify']), privateKey: await webcrypto.subtle.importKey('pkcs8', keys.privateKey.export({ type: 'pkcs8', format: 'der' }), ec, true, ['sign']) } as never,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    })
    return btoa(`${made.toString('pem')}\n`)
  }
  const csr = async (name: string, organization: string) => ({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec: { request: await request(organization), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] } })
  expect((await server.call('POST', csrs, await csr('grab', 'system:masters'))).json.message).toBe('certificatesigningrequests.certificates.k8s.io "grab" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed')
  const mine = await make(server, csrs, await csr('mine', 'dev'))
  const role = (rules: object[]) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'r' }, rules })
  const rule = (resources: string, verbs: string[], resourceNames?: string[]) => ({ apiGroups: ['certificates.k8s.io'], resources: [resources], verbs, ...(resourceNames ? { resourceNames } : {}) })
  const writing = [rule('certificatesigningrequests/approval', ['update']), rule('certificatesigningrequests/status', ['update'])]
  await make(server, '/apis/rbac.authorization.k8s.io/v1/clusterroles', role(writing))
  await make(server, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'r' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }] })
  const approved = { ...mine, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'y' }] } }
  const failed = { ...mine, status: { conditions: [{ type: 'Failed', status: 'True', reason: 'x', message: 'y' }] } }
  expect((await server.call('PUT', `${csrs}/mine/approval`, approved, {}, jane)).json.message).toBe('certificatesigningrequests.certificates.k8s.io "mine" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"')
  expect((await server.call('PUT', `${csrs}/mine/status`, failed, {}, jane)).json.message).toBe('certificatesigningrequests.certificates.k8s.io "mine" is forbidden: user not permitted to sign requests with signerName "kubernetes.io/kube-apiserver-client"')
  await server.call('PUT', '/apis/rbac.authorization.k8s.io/v1/clusterroles/r', role([...writing, rule('signers', ['approve', 'sign'], ['kubernetes.io/*'])]))
  await server.run(10)
  expect((await server.call('PUT', `${csrs}/mine/approval`, approved, {}, jane)).status).toBe(200)
})

it('one priority class is the default', async () => {
  const server = await startServer()
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const priority = (name: string, globalDefault: boolean) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value: 5, globalDefault })
  await make(server, classes, priority('first', true))
  expect((await make(server, classes, priority('second', true))).message).toBe('priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass first is already marked as default. Only one default can exist')
  expect((await make(server, classes, priority('second', false))).value).toBe(5)
  expect((await server.call('PATCH', `${classes}/first`, { metadata: { labels: { a: 'b' } } }, merge)).status).toBe(200)
})

it('an account may insist on its own secrets', async () => {
  const server = await startServer()
  await make(server, `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } }, secrets: [{ name: 'mine' }] })
  const tried = async (spec: object) => (await server.call('POST', `${base}/pods?dryRun=All`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } })).json
  const because = 'is not allowed because service account default does not reference that'
  expect((await tried({ volumes: [{ name: 'v', secret: { secretName: 'mine' } }] })).kind).toBe('Pod')
  expect((await tried({ volumes: [{ name: 'v', secret: { secretName: 'other' } }] })).message).toBe(`pods "p" is forbidden: volume with secret.secretName="other" ${because} secret`)
  expect((await tried({ containers: [{ name: 'c', image: 'i', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } }] }] })).message).toBe(`pods "p" is forbidden: container c with envVar E referencing secret.secretName="other" ${because} secret`)
  expect((await tried({ imagePullSecrets: [{ name: 'other' }] })).message).toBe(`pods "p" is forbidden: imagePullSecrets[0].name="other" ${because} imagePullSecret`)
})
