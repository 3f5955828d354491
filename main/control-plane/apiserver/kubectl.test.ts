/** The API server, its HTTPS edge and the real kubectl: no controllers, no nodes but a fake one. */
import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { fakeNode, podOnFakeNode, startFakeKubelet } from './testing/fake-kubelet.ts'
import { Kubectl, realKubectl } from './testing/real-kubectl.node.ts'

const binary = realKubectl()
const deployment = (image: string): string => JSON.stringify({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { app: 'web' } },
  spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80 }] }] } } },
})

describe.skipIf(!binary)('the real kubectl', () => {
  let dev: DevServer
  let kubectl: Kubectl
  const ok = async (args: string, input?: string): Promise<string> => {
    const ran = await kubectl.run(args.split(' '), input)
    expect(ran, `kubectl ${args}`).toMatchObject({ code: 0 })
    return ran.stdout
  }
  const fails = async (args: string, input?: string): Promise<string> => {
    const ran = await kubectl.run(args.split(' '), input)
    expect(ran.code, `kubectl ${args}`).not.toBe(0)
    return ran.stderr
  }

  beforeAll(async () => {
    dev = await startDevServer()
    startFakeKubelet(dev.network)
    kubectl = new Kubectl(binary!, dev.kubeconfig)
    await ok('create serviceaccount default')
    await ok('create -f -', JSON.stringify(fakeNode))
    await ok('replace --subresource=status -f -', JSON.stringify(fakeNode))
    await ok('create -f -', JSON.stringify(podOnFakeNode('streams')))
    await ok('patch pod streams --subresource=status -p {"status":{"phase":"Running"}}')
  })
  afterAll(() => dev.close())

  it('creates with protobuf bodies', async () => {
    expect(await ok('create namespace one')).toBe('namespace/one created\n')
    expect(await ok('create deployment bin --image=nginx')).toBe('deployment.apps/bin created\n')
    expect(await ok('auth can-i create pods')).toBe('yes\n')
    expect(await fails('auth can-i create pods --as bob')).toBe('')
    expect(await ok('get deployment bin -o jsonpath={.spec.template.spec.containers[0]}')).toContain('"imagePullPolicy":"Always"')
  })

  it('applies, diffs, patches, scales, labels and deletes', async () => {
    expect(await ok('apply -f -', deployment('nginx:1.25'))).toBe('deployment.apps/web created\n')
    expect(await ok('apply -f -', deployment('nginx:1.25'))).toBe('deployment.apps/web unchanged\n')
    const diff = await kubectl.run(['diff', '-f', '-'], deployment('nginx:1.26'))
    expect(diff).toMatchObject({ code: 1 })
    expect(diff.stdout).toContain('+      - image: nginx:1.26')
    expect(await ok('apply -f -', deployment('nginx:1.26'))).toBe('deployment.apps/web configured\n')
    expect(await ok('scale deployment web --replicas=5')).toBe('deployment.apps/web scaled\n')
    const conflict = await fails('apply --server-side -f -', deployment('nginx:1.26'))
    expect(conflict).toContain('Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas')
    expect(await ok('apply --server-side --force-conflicts -f -', deployment('nginx:1.26'))).toBe('deployment.apps/web serverside-applied\n')
    expect(await ok('patch deployment web --type=json -p [{"op":"replace","path":"/spec/replicas","value":2}]')).toBe('deployment.apps/web patched\n')
    expect(await ok('get deployment web -o jsonpath={.metadata.generation}/{.spec.replicas}')).toBe('5/2')
    expect(await ok('label deployment web tier=front')).toBe('deployment.apps/web labeled\n')
    expect(await ok('get deployments -l tier=front -o name')).toBe('deployment.apps/web\n')
    expect(await ok('delete deployment web --wait')).toBe('deployment.apps "web" deleted from default namespace\n')
  })

  it('edits with an editor', async () => {
    await ok('apply -f -', deployment('nginx:1.25').replaceAll('web', 'edited'))
    const ran = await kubectl.run(['edit', 'deployment', 'edited'], '', { KUBE_EDITOR: 'sed -i s/replicas:.3/replicas:\\ 4/' })
    expect(ran).toMatchObject({ code: 0, stdout: 'deployment.apps/edited edited\n' })
  })

  it('watches, waits and sees what goes', async () => {
    await ok('create configmap watched')
    const child = kubectl.start(['get', 'configmaps', 'watched', '-w', '-o', 'name'])
    let seen = ''
    child.stdout!.on('data', (bytes: Buffer) => (seen += bytes.toString()))
    const until = async (text: string): Promise<void> => {
      for (let tries = 0; tries < 200 && !seen.includes(text); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await until('watched')
    await ok('annotate configmap watched a=b')
    await until('watched\nconfigmap/watched')
    expect(await ok('wait --for=jsonpath={.metadata.annotations.a}=b configmap/watched --timeout=10s')).toBe('configmap/watched condition met\n')
    await ok('delete configmap watched')
    child.kill()
    expect(seen.split('\n').filter((line) => line === 'configmap/watched').length).toBeGreaterThanOrEqual(2)
  })

  it('discovers and explains', async () => {
    expect(await ok('api-resources --api-group=apps -o name')).toBe('controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n')
    expect(await ok('explain deployment.spec.replicas')).toContain('FIELD: replicas <integer>')
    expect(await ok('explain pods')).toContain('VERSION:    v1')
    expect(await ok('get --raw /readyz')).toBe('ok')
  })

  it('prints the server\'s errors', async () => {
    expect(await fails('get pod nosuch')).toBe('Error from server (NotFound): pods "nosuch" not found\n')
    expect(await fails('get nosuch')).toBe('error: the server doesn\'t have a resource type "nosuch"\n')
    expect(await fails('create -f -', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"Big"}}')).toContain('ConfigMap "Big" is invalid: metadata.name: Invalid value: "Big": a lowercase RFC 1123 subdomain must consist of')
    expect(await fails('create -f -', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dat":{}}')).toContain('ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"')
    expect(await fails('delete namespace kube-system')).toBe('Error from server (Forbidden): namespaces "kube-system" is forbidden: this namespace may not be deleted\n')
  })

  it('is who its certificate says, if that is still good', async () => {
    const bob = new Kubectl(binary!, await dev.kubeconfigFor('bob', ['people']))
    expect((await bob.run(['get', 'pods'])).stderr).toBe('Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"\n')
    const past = new Kubectl(binary!, await dev.kubeconfigFor('kubernetes-admin', ['system:masters'], -1_000))
    expect((await past.run(['get', 'pods'])).stderr).toContain('error: You must be logged in to the server')
  })

  it('reads logs and runs commands over WebSockets and SPDY', async () => {
    expect(await ok('logs streams -c main')).toBe('one\ntwo\n')
    expect(await ok('logs -f streams -c main')).toBe('one\ntwo\n')
    expect(await fails('logs streams -c nope')).toContain('container nope is not valid for pod streams')
    for (const websockets of ['true', 'false']) {
      const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets }
      expect(await kubectl.run(['exec', 'streams', '-c', 'main', '--', 'exit', '3'], '', env)).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 3\n' })
      expect(await kubectl.run(['exec', '-i', 'streams', '-c', 'main', '--', 'cat'], 'hello\n', env)).toMatchObject({ code: 0, stdout: 'hello\n' })
      expect((await kubectl.run(['exec', 'streams', '-c', 'main', '--', 'nosuch'], '', env)).stderr).toContain('unable to upgrade connection: container not found ("main")')
    }
  })

  it('forwards ports', async () => {
    for (const websockets of ['true', 'false']) {
      const child = kubectl.start(['port-forward', 'pod/streams', ':80', '-v=4'], { KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets })
      let text = ''
      let log = ''
      child.stdout!.on('data', (bytes: Buffer) => (text += bytes.toString()))
      child.stderr!.on('data', (bytes: Buffer) => (log += bytes.toString()))
      for (let tries = 0; tries < 250 && !/127\.0\.0\.1:(\d+)/.test(text); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1])
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = createConnection(port, '127.0.0.1', () => socket.write('ping'))
        socket.on('data', (bytes) => {
          resolve(bytes.toString())
          socket.end()
        })
        socket.on('error', reject)
      })
      expect(answer).toBe('you said: ping')
      // SPDY inside the WebSocket, without falling back.
      if (websockets === 'true') expect(log).toContain('negotiated protocol: portforward.k8s.io')
      child.kill()
    }
  })
})
