import Operator, { ResourceEventType, type ResourceEvent } from '@dot-i/k8s-operator'
import * as k8s from 'client-node-1'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { eventually, startLab, type LabProcess } from './lab-process.ts'

interface Garden extends k8s.KubernetesObject {
  readonly spec: { readonly beds: number }
  readonly status?: { readonly observedGeneration?: number; readonly planted?: number }
}

const api = { group: 'operators.example.com', version: 'v1', plural: 'gardens' }
const namespace = 'default'

/** An operator as somebody would write it with @dot-i/k8s-operator: for each garden as many config maps as it has beds, a
 *  status that says so, and a finalizer under which they are cleared. */
class GardenOperator extends Operator {
  readonly cleared: string[] = []
  readonly core: k8s.CoreV1Api

  constructor(core: k8s.CoreV1Api) {
    super({ debug: () => {}, info: () => {}, warn: () => {}, error: () => {} })
    this.core = core
  }

  protected async init(): Promise<void> {
    await this.watchResource(api.group, api.version, api.plural, async (event) => {
      const garden = event.object as Garden
      if (event.type !== ResourceEventType.Added && event.type !== ResourceEventType.Modified) return
      if (await this.handleResourceFinalizer(event, 'gardens.operators.example.com', (ended) => this.clear(ended))) return
      await this.plant(event, garden)
    })
  }

  private async plant(event: ResourceEvent, { metadata, spec, status }: Garden): Promise<void> {
    if (status?.observedGeneration === metadata!.generation) return
    const beds = await this.core.listNamespacedConfigMap({ namespace, labelSelector: `garden=${event.meta.name}` })
    for (let index = beds.items.length; index < spec.beds; index++) {
      await this.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: `${event.meta.name}-${index}`, labels: { garden: event.meta.name } } } })
    }
    for (const extra of beds.items.slice(spec.beds)) await this.core.deleteNamespacedConfigMap({ namespace, name: extra.metadata!.name! })
    await this.setResourceStatus(event.meta, { observedGeneration: metadata!.generation, planted: spec.beds })
  }

  private async clear(event: ResourceEvent): Promise<void> {
    await this.core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: `garden=${event.meta.name}` })
    this.cleared.push(event.meta.name)
  }
}

describe('an operator built on a public framework', { timeout: 120_000 }, () => {
  let lab: LabProcess
  let operator: GardenOperator
  const config = new k8s.KubeConfig()
  let core: k8s.CoreV1Api
  let custom: k8s.CustomObjectsApi
  const before = process.env['KUBECONFIG']

  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral'])
    config.loadFromFile(lab.facts.kubeconfig)
    // The framework reads its configuration from where kubectl does.
    process.env['KUBECONFIG'] = lab.facts.kubeconfig
    core = config.makeApiClient(k8s.CoreV1Api)
    custom = config.makeApiClient(k8s.CustomObjectsApi)
    const definitions = config.makeApiClient(k8s.ApiextensionsV1Api)
    const schema = {
      type: 'object',
      properties: {
        spec: { type: 'object', required: ['beds'], properties: { beds: { type: 'integer', minimum: 0 } } },
        status: { type: 'object', properties: { observedGeneration: { type: 'integer' }, planted: { type: 'integer' } } },
      },
    }
    await definitions.createCustomResourceDefinition({
      body: {
        metadata: { name: `${api.plural}.${api.group}` },
        spec: { group: api.group, scope: 'Namespaced', names: { plural: api.plural, kind: 'Garden' }, versions: [{ name: api.version, served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {} } }] },
      },
    })
    const established = async (): Promise<boolean> => (await definitions.readCustomResourceDefinition({ name: `${api.plural}.${api.group}` })).status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true
    await eventually('the kind is established', 30_000, established)
    operator = new GardenOperator(core)
    await operator.start()
  }, 200_000)
  afterAll(async () => {
    // The framework takes the end of a watch that it cancels itself for a failure, and ends its process.
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    operator.stop()
    if (before === undefined) delete process.env['KUBECONFIG']
    else process.env['KUBECONFIG'] = before
    await lab.stop()
    await new Promise((resolve) => setTimeout(resolve, 500))
    exit.mockRestore()
  })

  const read = async (): Promise<Garden> => (await custom.getNamespacedCustomObject({ ...api, namespace, name: 'kitchen' })) as Garden
  const beds = async (): Promise<string[]> => (await core.listNamespacedConfigMap({ namespace, labelSelector: 'garden=kitchen' })).items.map(({ metadata }) => metadata!.name!)

  test('makes what an object asks for, and says so in its status', async () => {
    await custom.createNamespacedCustomObject({ ...api, namespace, body: { apiVersion: `${api.group}/${api.version}`, kind: 'Garden', metadata: { name: 'kitchen' }, spec: { beds: 2 } } })
    await eventually('two beds are planted', 60_000, async () => (await read()).status?.planted === 2)
    expect(await beds()).toEqual(['kitchen-0', 'kitchen-1'])
    expect((await read()).metadata!.finalizers).toEqual(['gardens.operators.example.com'])
  })

  test('follows a change', async () => {
    await custom.patchNamespacedCustomObject({ ...api, namespace, name: 'kitchen', body: { spec: { beds: 3 } } }, k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch))
    await eventually('three beds are planted', 60_000, async () => (await read()).status?.planted === 3)
    const { metadata, status } = await read()
    expect([metadata!.generation, status!.observedGeneration]).toEqual([2, 2])
    expect(await beds()).toHaveLength(3)
  })

  test('clears up before the object may go', async () => {
    await custom.deleteNamespacedCustomObject({ ...api, namespace, name: 'kitchen' })
    await eventually('the garden is gone', 60_000, async () => await read().then(() => false, (error: { code?: number }) => error.code === 404))
    expect(operator.cleared).toContain('kitchen')
    expect(await beds()).toEqual([])
  })
})
