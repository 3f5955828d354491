import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, root, run, startLab, type CommandOutcome, type LabProcess } from './lab-process.ts'

/** Every command and manifest of the text that the project makes real, as they stand there, in a shell with the terminal's
 *  environment; then the same manifests with the real kubectl's answers compared in test/parity. */
describe('the commands of the architecture text', () => {
  let lab: LabProcess
  beforeAll(async () => {
    lab = await startLab(['--headless', '--lab', 'text', '--speed', '5'])
  })
  afterAll(async () => {
    await lab.stop()
  })

  const shell = (command: string): Promise<CommandOutcome> => {
    const folder = join(lab.home, 'labs', 'text')
    return run('bash', ['-c', `cd ${join(folder, 'workspace')} && ${command}`], {
      PATH: `${join(root, 'resources/bin')}:${process.env.PATH}`,
      KUBECONFIG: lab.facts.kubeconfig,
      ORRERY_CONSOLE: join(folder, 'console.json'),
      ORRERY_ETCD: join(folder, 'etcd.json'),
      ORRERY_NODE: process.execPath,
      ORRERY_PRODUCT: root,
    })
  }
  const answer = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await shell(command)
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' })
    return stdout
  }

  test('the control plane is there', async () => {
    const pods = await answer('kubectl get pods --all-namespaces')
    for (const name of ['etcd-controlplane', 'kube-apiserver-controlplane', 'kube-controller-manager-controlplane', 'kube-scheduler-controlplane', 'coredns-', 'kube-proxy-']) expect(pods).toContain(name)
    expect((await answer('kubectl get pods -n kube-system | grep kube-proxy')).trim().split('\n')).toHaveLength(4)
    expect(await answer('kubectl get nodes -o wide')).toContain('containerd://')
    expect(await answer('kubectl get namespaces')).toMatch(/^default +Active/m)
    expect(await answer('kubectl api-resources')).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
    expect(await answer('systemctl status kubelet')).toContain('Active: active (running)')
  })

  test('a pod, and its key in etcd', async () => {
    expect(await answer('kubectl apply -f nginx-pod.yaml')).toBe('pod/nginx-pod created\n')
    const [key, value] = (await answer('etcdctl get /registry/pods/default/nginx-pod')).split('\n')
    expect(key).toBe('/registry/pods/default/nginx-pod')
    expect(JSON.parse(value!)).toMatchObject({ kind: 'Pod', metadata: { name: 'nginx-pod' } })
  })

  test('a pod that wants a solid-state disk waits for a node that has one', async () => {
    expect(await answer('kubectl apply -f nginx-node-selector.yaml')).toBe('pod/nginx created\n')
    await eventually('the scheduler says why it waits', 10_000, async () => (await answer('kubectl get events --field-selector involvedObject.name=nginx')).includes("didn't match Pod's node affinity/selector"))
    expect(await answer('kubectl label node worker-2 disktype=ssd')).toBe('node/worker-2 labeled\n')
    await eventually('it runs there', 20_000, async () => (await answer('kubectl get pod nginx -o jsonpath={.spec.nodeName}/{.status.phase}')) === 'worker-2/Running')
    await answer('kubectl delete pod nginx --wait=false')
    await eventually('it is gone', 20_000, async () => (await shell('kubectl get pod nginx')).code === 1)
  })

  test('imperatively: a pod', async () => {
    expect(await answer('kubectl run nginx --image=nginx:1.14')).toBe('pod/nginx created\n')
    await eventually('it runs', 20_000, async () => (await answer('kubectl get pod nginx -o jsonpath={.status.phase}')) === 'Running')
  })

  test('declaratively: a Deployment and a Service that leads to it', async () => {
    expect(await answer('kubectl apply -f nginx-deployment.yaml')).toBe('deployment.apps/nginx-deployment created\n')
    expect(await answer('kubectl apply -f nginx-service.yaml')).toBe('service/nginx-service created\n')
    await eventually('three pods are ready', 30_000, async () => (await answer('kubectl get deployment nginx-deployment -o jsonpath={.status.readyReplicas}')) === '3')
    await eventually('the service has its endpoints', 10_000, async () => (await answer('kubectl get endpointslices -l kubernetes.io/service-name=nginx-service -o jsonpath={.items[*].endpoints[*].addresses[0]}')).split(' ').length === 3)
    expect(await answer('kubectl apply -f nginx-deployment.yaml')).toBe('deployment.apps/nginx-deployment unchanged\n')
    await eventually('the page comes through the service, by name', 10_000, async () => (await shell('kubectl exec nginx-pod -- curl -s nginx-service')).stdout.includes('Welcome to nginx!'))
  })
})
