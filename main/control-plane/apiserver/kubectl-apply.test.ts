/** The real kubectl's ways of writing where ownership and patches matter: server-side apply, the way there, diffs, scale. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ManagedFieldsEntry } from '../../api/generated/types.ts'
import type { KubeObject } from '../../api/machinery/object.ts'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { Kubectl, realKubectl } from './testing/real-kubectl.node.ts'

const binary = realKubectl()
const deployment = (name: string, replicas: number | undefined, image = 'nginx'): string => JSON.stringify({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } } },
})

describe.skipIf(!binary)('the real kubectl', () => {
  let dev: DevServer
  let kubectl: Kubectl
  const run = async (args: string, input: string, code: number): Promise<string> => {
    const ran = await kubectl.run(args.split(' '), input)
    expect(ran, `kubectl ${args}`).toMatchObject({ code })
    return code === 0 ? ran.stdout : ran.stderr + ran.stdout
  }
  const managersOf = async (name: string): Promise<string[]> => {
    const object = JSON.parse(await run(`get deployment ${name} -o json --show-managed-fields`, '', 0)) as KubeObject
    return (object.metadata.managedFields ?? []).map((entry: ManagedFieldsEntry) => [entry.operation, entry.manager, entry.subresource].filter(Boolean).join(' '))
  }

  beforeAll(async () => {
    dev = await startDevServer()
    kubectl = new Kubectl(binary!, dev.kubeconfig)
  })
  afterAll(() => dev.close())

  it('takes over what client-side apply owned', async () => {
    await run('apply -f -', deployment('moved', 2), 0)
    expect(await managersOf('moved')).toEqual(['Update kubectl-client-side-apply'])
    expect(await run('apply --server-side -f -', deployment('moved', 3, 'nginx:2'), 0)).toBe('deployment.apps/moved serverside-applied\n')
    // The annotation has an owner of its own, whose entry has no time: applying it changed nothing.
    expect(await managersOf('moved')).toEqual(['Apply kubectl-last-applied', 'Apply kubectl'])
    expect(await run('get deployment moved -o jsonpath={.spec.replicas}/{.spec.template.spec.containers[0].image}', '', 0)).toBe('3/nginx:2')
    // What is not said any more goes back to its default.
    await run('apply --server-side -f -', deployment('moved', undefined, 'nginx:2'), 0)
    expect(await run('get deployment moved -o jsonpath={.spec.replicas}', '', 0)).toBe('1')
  })

  it('conflicts, in kubectl\'s words, and takes over by force', async () => {
    await run('apply --server-side --field-manager=one -f -', deployment('fought', 1), 0)
    await run('scale deployment fought --replicas=4', '', 0)
    expect(await managersOf('fought')).toEqual(['Apply one', 'Update kubectl scale'])
    const refused = await run('apply --server-side --field-manager=one -f -', deployment('fought', 2), 1)
    expect(refused).toContain('error: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas\n')
    expect(refused).toContain('Please review the fields above--they currently have other managers.')
    const second = await run('apply --server-side --field-manager=two -f -', deployment('fought', 2, 'other'), 1)
    expect(second).toContain('Apply failed with 2 conflicts: conflicts with "kubectl" with subresource "scale" using apps/v1:\n- .spec.replicas\nconflicts with "one":\n- .spec.template.spec.containers[name="web"].image')
    expect(await run('apply --server-side --force-conflicts --field-manager=two -f -', deployment('fought', 2, 'other'), 0)).toBe('deployment.apps/fought serverside-applied\n')
    expect(await managersOf('fought')).toEqual(['Apply one', 'Apply two'])
  })

  it('diffs on the server', async () => {
    await run('apply --server-side -f -', deployment('differs', 1), 0)
    expect(await run('diff --server-side -f -', deployment('differs', 1), 0)).toBe('')
    const text = await run('diff --server-side -f -', deployment('differs', 5), 1)
    expect(text).toContain('-  replicas: 1')
    expect(text).toContain('+  replicas: 5')
  })

  it('tells of strict problems', async () => {
    const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: "1"\n  a: "2"\nmore: {}\n'
    expect(await run('create -f - --validate=strict', twice, 1)).toContain('error')
    expect(await run('apply --server-side -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\nmore: {}\n', 1)).toContain('.more: field not declared in schema')
  })
})
