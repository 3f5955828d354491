import { expect, test } from 'vitest'
import { buildResources, type BuildFiles } from './build.ts'

/** Files by absolute path. */
function tree(files: Readonly<Record<string, string>>): BuildFiles {
  return {
    read: (path) => new TextEncoder().encode(files[path]),
    kindOf: (path) => (path in files ? 'file' : Object.keys(files).some((name) => name.startsWith(`${path}/`)) ? 'folder' : undefined),
  }
}

function names(files: Readonly<Record<string, string>>, folder: string): string[] {
  return buildResources(tree(files), folder, folder, () => {}).map((object) => `${String(object.kind)}/${(object.metadata as { name: string }).name}`)
}

const base = {
  '/base/kustomization.yaml': 'resources: [pod.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n',
  '/base/pod.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "nginx:1", envFrom: [{configMapRef: {name: settings}}]}]}\n',
}

test('references follow what they name through prefixes and hashes', () => {
  const built = buildResources(tree({ ...base, '/top/kustomization.yaml': 'resources: [../base]\nnamePrefix: x-\nnamespace: n\n' }), '/top', '/top', () => {})
  const [settings, pod] = built as unknown as [{ metadata: { name: string } }, { metadata: { name: string; namespace: string }; spec: { containers: { envFrom: { configMapRef: { name: string } }[] }[] } }]
  expect(settings.metadata.name).toMatch(/^x-settings-[bcdfghkmt2456789]{10}$/)
  expect(pod.metadata).toMatchObject({ name: 'x-web', namespace: 'n' })
  expect(pod.spec.containers[0]!.envFrom[0]!.configMapRef.name).toBe(settings.metadata.name)
})

test('a name that nothing of the build has stays', () => {
  const files = { '/k/kustomization.yaml': 'resources: [p.yaml]\nnamePrefix: x-\n', '/k/p.yaml': base['/base/pod.yaml'] }
  expect(JSON.stringify(buildResources(tree(files), '/k', '/k', () => {}))).toContain('"configMapRef":{"name":"settings"}')
})

test('cycles are refused', () => {
  expect(() => names({ '/a/kustomization.yaml': 'resources: [../b]', '/b/kustomization.yaml': 'resources: [../a]' }, '/a')).toThrow(/cycle detected/)
})

test('the order is that of need', () => {
  const files = {
    '/k/kustomization.yaml': 'resources: [a.yaml]',
    '/k/a.yaml': ['Deployment', 'Service', 'Namespace', 'Foo', 'ValidatingWebhookConfiguration'].map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: x}\n`).join('---\n'),
  }
  expect(names(files, '/k')).toEqual(['Namespace/x', 'Service/x', 'Deployment/x', 'Foo/x', 'ValidatingWebhookConfiguration/x'])
})
