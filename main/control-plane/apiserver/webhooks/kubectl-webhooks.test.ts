/** The real kubectl before webhooks and policies: refused, warned, mutated; and a conversion webhook. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OutsideCalls } from '../outbound/door.ts'
import type { OutboundDoor } from '../outbound/door.ts'
import { httpsPerformer } from '../outbound/https.node.ts'
import { startDevServer } from '../testing/dev-server.node.ts'
import type { DevServer } from '../testing/dev-server.node.ts'
import { Kubectl, realKubectl } from '../testing/real-kubectl.node.ts'
import type { Ran } from '../testing/real-kubectl.node.ts'
import { allowing, patching, refusing, startWebhookServer } from '../testing/webhook-server.node.ts'
import type { WebhookServer } from '../testing/webhook-server.node.ts'

const binary = realKubectl()

describe.skipIf(!binary)('the real kubectl', () => {
  let hooks: WebhookServer
  let dev: DevServer
  let kubectl: Kubectl
  const performer = httpsPerformer()
  const run = (args: string, input?: object): Promise<Ran> => kubectl.run(args.split(' '), input && JSON.stringify(input))

  beforeAll(async () => {
    hooks = await startWebhookServer()
    const late: { door?: OutboundDoor } = {}
    dev = await startDevServer({ outbound: { call: (call) => late.door!.call(call) } })
    // The wall paces this server: an answer comes when it comes.
    late.door = new OutsideCalls(dev.kernel, (label, data, enter) => dev.kernel.input(label, data, enter), performer.perform)
    kubectl = new Kubectl(binary!, dev.kubeconfig)
  })
  afterAll(async () => {
    await dev.close()
    performer.close()
    await hooks.close()
  })

  const rule = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }
  const configuration = (kind: string, path: string, more: object = {}): object => ({
    apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: path.slice(1) },
    webhooks: [{ name: `${path.slice(1)}.example.com`, clientConfig: { url: `${hooks.url}${path}`, caBundle: hooks.caBundle }, rules: [rule], sideEffects: 'None', admissionReviewVersions: ['v1'], ...more }],
  })

  it('is refused, warned and helped by webhooks', async () => {
    hooks.on('/deny', (review) => (review.body.request.name === 'bad' ? refusing(review, { message: 'the name is bad', code: 403, reason: 'Forbidden' }) : allowing(review, { warnings: ['mind the gap'] })))
    hooks.on('/mutate', (review) => (review.body.request.object ? patching(review, [{ op: 'add', path: '/metadata/labels', value: { by: 'webhook' } }]) : allowing(review)))
    expect(await run('apply -f -', { apiVersion: 'v1', kind: 'List', items: [configuration('ValidatingWebhookConfiguration', '/deny'), configuration('MutatingWebhookConfiguration', '/mutate')] })).toMatchObject({ code: 0 })
    expect(await run('create configmap bad')).toEqual({ code: 1, stdout: '', stderr: 'error: failed to create configmap: admission webhook "deny.example.com" denied the request: the name is bad\n' })
    const good = await run('create configmap good')
    expect(good).toEqual({ code: 0, stdout: 'configmap/good created\n', stderr: 'Warning: mind the gap\n' })
    expect((await run('get configmap good --show-labels --no-headers')).stdout).toMatch(/by=webhook/)
    expect(await run('apply -f -', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bad' } })).toMatchObject({ code: 1, stderr: expect.stringContaining('Error from server (Forbidden): error when creating "STDIN": admission webhook "deny.example.com" denied the request: the name is bad') as string })
    expect(await run('delete configmap good')).toMatchObject({ code: 0 })
    expect(await run('delete validatingwebhookconfiguration deny')).toMatchObject({ code: 0 })
    await hooks.close()
    const failed = await run('create configmap other')
    expect(failed.stderr).toBe(`error: failed to create configmap: Internal error occurred: failed calling webhook "mutate.example.com": failed to call webhook: Post "${hooks.url}/mutate?timeout=10s": dial tcp 127.0.0.1:${hooks.port}: connect: connection refused\n`)
    expect(await run('delete mutatingwebhookconfiguration mutate')).toMatchObject({ code: 0 })
    hooks = await startWebhookServer()
  }, 30_000)

  it('is refused and warned by policies', async () => {
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'small.example.com' }, spec: { matchConstraints: { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] }] }, validations: [{ expression: 'object.spec.replicas <= 5' }] } }
    const binding = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'small-test.example.com' }, spec: { policyName: 'small.example.com', validationActions: ['Deny'] } }
    expect(await run('apply -f -', { apiVersion: 'v1', kind: 'List', items: [policy, binding] })).toMatchObject({ code: 0 })
    const message = "ValidatingAdmissionPolicy 'small.example.com' with binding 'small-test.example.com' denied request: failed expression: object.spec.replicas <= 5"
    expect(await run('create deployment web --image=nginx --replicas=6')).toEqual({ code: 1, stdout: '', stderr: `error: failed to create deployment: deployments.apps "web" is forbidden: ${message}\n` })
    expect(await run('create deployment web --image=nginx --replicas=5')).toMatchObject({ code: 0 })
    expect(await run('patch deployment web -p {"spec":{"replicas":7}}')).toMatchObject({ code: 1, stderr: `The deployments "web" is invalid: : ${message}\n` })
    expect(await kubectl.run(['patch', 'validatingadmissionpolicybinding', 'small-test.example.com', '-p', '{"spec":{"validationActions":["Warn"]}}'])).toMatchObject({ code: 0 })
    expect(await run('patch deployment web -p {"spec":{"replicas":7}}')).toEqual({ code: 0, stdout: 'deployment.apps/web patched\n', stderr: "Warning: Validation failed for ValidatingAdmissionPolicy 'small.example.com' with binding 'small-test.example.com': failed expression: object.spec.replicas <= 5\n" })
  }, 30_000)

  it('reads custom resources in the version that a webhook converts to', async () => {
    hooks.on('/convert', ({ body }) => ({
      apiVersion: body.apiVersion, kind: body.kind,
      response: {
        uid: body.request.uid, result: { status: 'Success' },
        convertedObjects: (body.request.objects as { apiVersion: string; spec?: { size?: number; dimensions?: { size: number } } }[]).map((object) => (body.request.desiredAPIVersion === 'example.com/v2' ? { ...object, apiVersion: 'example.com/v2', spec: { dimensions: { size: object.spec?.size } } } : { ...object, apiVersion: 'example.com/v1', spec: { size: object.spec?.dimensions?.size } })),
      },
    }))
    const size = { type: 'object', properties: { size: { type: 'integer' } } }
    const version = (name: string, spec: object): object => ({ name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } })
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'boxes.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'boxes', singular: 'box', kind: 'Box', listKind: 'BoxList' }, versions: [version('v1', size), version('v2', { type: 'object', properties: { dimensions: size } })], conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: `${hooks.url}/convert`, caBundle: hooks.caBundle } } } },
    }
    expect(await run('apply -f -', definition)).toMatchObject({ code: 0 })
    expect(await run('wait --for=condition=Established crd/boxes.example.com --timeout=10s')).toMatchObject({ code: 0 })
    expect(await run('create -f -', { apiVersion: 'example.com/v2', kind: 'Box', metadata: { name: 'b' }, spec: { dimensions: { size: 3 } } })).toMatchObject({ code: 0 })
    expect((await run('get boxes.v1.example.com b -o jsonpath={.spec.size}')).stdout).toBe('3')
    expect((await run('get boxes.v2.example.com b -o jsonpath={.spec.dimensions.size}')).stdout).toBe('3')
    // A webhook that speaks of v1 sees what was written as v2.
    hooks.on('/size', (review) => (review.body.request.object.spec.size > 5 ? refusing(review, { message: 'too large' }) : allowing(review)))
    expect(await run('apply -f -', configuration('ValidatingWebhookConfiguration', '/size', { rules: [{ operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['boxes'] }] }))).toMatchObject({ code: 0 })
    expect((await run('create -f -', { apiVersion: 'example.com/v2', kind: 'Box', metadata: { name: 'c' }, spec: { dimensions: { size: 6 } } })).stderr).toContain('admission webhook "size.example.com" denied the request: too large')
  }, 30_000)
})
