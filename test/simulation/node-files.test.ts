import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Node, Pod } from '../../main/api/generated/types.ts'
import { nodeKind } from '../../main/api/kinds/core/node.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { bootedLab, type SimulatedLab } from './simulated-lab.ts'
import { runOnMachine } from './test-terminal.ts'

let lab: SimulatedLab
beforeAll(async () => {
  lab = await bootedLab({ workers: 1 })
})
afterAll(() => lab.cluster.stop())

const run = async (command: string, machine = 'worker-1'): Promise<string> => {
  const { out, err } = await runOnMachine(lab, command, machine)
  return out + err
}

/** `condition` runs the kernel itself. */
async function until(condition: () => Promise<boolean>, limitMs: number, what = 'the condition'): Promise<void> {
  const deadline = lab.cluster.kernel.now() + limitMs
  while (!(await condition())) {
    if (lab.cluster.kernel.now() > deadline) throw new Error(`${what} did not come true within ${limitMs} ms of virtual time`)
    await lab.cluster.kernel.runFor(1_000)
  }
}

async function nodeIs(status: string, node = 'worker-1'): Promise<boolean> {
  const found = await lab.settle(lab.client.get<Node>(nodeKind, node))
  return found.status?.conditions?.find((condition) => condition.type === 'Ready')?.status === status
}

async function podsNamed(prefix: string): Promise<string[]> {
  const { items } = await lab.settle(lab.client.list<Pod>(podKind, { namespace: 'kube-system' }))
  return items.filter((pod) => pod.metadata.name!.startsWith(prefix)).map((pod) => `${pod.metadata.name} ${pod.status?.phase}`)
}

describe('the kubelet and its files', () => {
  test('files are where kubeadm leaves them', async () => {
    expect(await run('ls /etc/kubernetes /var/lib/kubelet /etc/cni/net.d /etc/kubernetes/manifests', 'controlplane')).toMatch(/controller-manager\.conf\nkubelet\.conf\nmanifests\npki\nscheduler\.conf[\s\S]*config\.yaml\nkubeadm-flags\.env[\s\S]*10-ptp\.conflist[\s\S]*etcd\.yaml\nkube-apiserver\.yaml/)
    expect(await run('grep server: /etc/kubernetes/kubelet.conf')).toBe('    server: https://192.168.64.10:6443\n')
    expect(await run('grep subnet /etc/cni/net.d/*')).toMatch(/10\.244\.\d\.0\/24/)
    expect(await run('systemctl status kubelet | head -4')).toContain('    Drop-In: /usr/lib/systemd/system/kubelet.service.d\n             └─10-kubeadm.conf')
    expect(await run('ls /var/log/pods')).toContain('kube-system_kube-proxy-')
  })

  test.each([
    ['echo "maxPods: many" >> /var/lib/kubelet/config.yaml', 'json: cannot unmarshal string into Go struct field KubeletConfiguration.maxPods of type int32'],
    ['sed -i "s/^kind: Kubelet.*/kind: Nonsense/" /var/lib/kubelet/config.yaml', 'no kind \\"Nonsense\\" is registered for version \\"kubelet.config.k8s.io/v1beta1\\"'],
    ['sed -i "s/ca.crt/WRONG-CA-FILE.crt/" /var/lib/kubelet/config.yaml', 'unable to load client CA file /etc/kubernetes/pki/WRONG-CA-FILE.crt: open /etc/kubernetes/pki/WRONG-CA-FILE.crt: no such file or directory'],
    ['echo "  bad: - yaml: [" >> /var/lib/kubelet/config.yaml', 'error converting YAML to JSON: yaml: '],
    ['mv /var/lib/kubelet/config.yaml /tmp/away', 'open /var/lib/kubelet/config.yaml: no such file or directory'],
    ['echo \'KUBELET_KUBEADM_ARGS="--improve-speed"\' > /var/lib/kubelet/kubeadm-flags.env', 'failed to parse kubelet flag: unknown flag: --improve-speed'],
    ['sed -i "s|/usr/bin/kubelet|/usr/local/bin/kubelet|" /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf', "kubelet.service: Unable to locate executable '/usr/local/bin/kubelet': No such file or directory"],
  ])('%s: the journal says why it does not start', async (breaking, message) => {
    await run('mkdir -p /tmp/kept; cp /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf /tmp/kept')
    await run(`${breaking}; systemctl restart kubelet; sleep 1`)
    expect(await run('journalctl -u kubelet -n 20')).toContain(message)
    expect(await run('systemctl is-active kubelet')).toBe('activating\n')
    await run('cd /tmp/kept; cp config.yaml kubeadm-flags.env /var/lib/kubelet; cp 10-kubeadm.conf /usr/lib/systemd/system/kubelet.service.d; systemctl restart kubelet; sleep 1')
    expect(await run('systemctl is-active kubelet')).toBe('active\n')
  })

  test('a broken configuration makes the node NotReady, mending it heals it, containers go on meanwhile', async () => {
    const before = await run('crictl ps -q')
    await run('sed -i "s/ca.crt/none.crt/" /var/lib/kubelet/config.yaml; systemctl restart kubelet')
    await until(() => nodeIs('Unknown'), 120_000)
    expect(await run('crictl ps -q')).toBe(before)
    await run('sed -i "s/none.crt/ca.crt/" /var/lib/kubelet/config.yaml')
    // systemd tries again by itself.
    await until(() => nodeIs('True'), 60_000)
  })

  test('a kubelet.conf that names another server cuts the node off', async () => {
    await run('sed -i s/:6443/:6444/ /etc/kubernetes/kubelet.conf; systemctl restart kubelet')
    await until(() => nodeIs('Unknown'), 120_000)
    expect(await run('journalctl -u kubelet -n 30')).toContain('192.168.64.10:6444')
    await run('sed -i s/:6444/:6443/ /etc/kubernetes/kubelet.conf; systemctl restart kubelet')
    await until(() => nodeIs('True'), 60_000)
  })
})

describe('static manifests', () => {
  test('a new one runs on any node, its removal ends it', async () => {
    await run(`cat > /etc/kubernetes/manifests/web.yaml <<'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: kube-system
spec:
  containers:
  - name: web
    image: nginx:1.27
EOF`)
    await until(async () => (await podsNamed('web-worker-1')).join() === 'web-worker-1 Running', 120_000, 'the static pod to run')
    await run('rm /etc/kubernetes/manifests/web.yaml')
    await until(async () => (await podsNamed('web-worker-1')).length === 0, 120_000, 'the static pod to go')
  })

  test('editing one restarts its component', async () => {
    const old = await run('crictl ps -q --name kube-scheduler', 'controlplane')
    await run("sed -i 's/- --leader-elect=true/- --leader-elect=true\\n    - --v=4/' /etc/kubernetes/manifests/kube-scheduler.yaml", 'controlplane')
    await until(async () => {
      const now = await run('crictl ps -q --name kube-scheduler', 'controlplane')
      return now !== '' && now !== old
    }, 120_000, 'another scheduler')
    expect(await run('crictl inspect $(crictl ps -q --name kube-scheduler) | grep -- --v=4', 'controlplane')).toContain('--v=4')
    await until(async () => (await podsNamed('kube-scheduler')).join() === 'kube-scheduler-controlplane Running', 120_000)
  })

  test('a broken one shows in the journal and does not run; moved away and back it does', async () => {
    const path = '/etc/kubernetes/manifests/kube-scheduler.yaml'
    await run(`cp ${path} /root/; echo '  oops: [' >> ${path}; sleep 5`, 'controlplane')
    expect(await run('journalctl -u kubelet -n 50', 'controlplane')).toMatch(/"Could not process manifest file" err="\/etc\/kubernetes\/manifests\/kube-scheduler\.yaml: couldn't parse as pod\(/)
    await until(async () => (await run('crictl ps -q --name kube-scheduler', 'controlplane')) === '', 60_000, 'the scheduler to go')
    await run(`mv /root/kube-scheduler.yaml ${path}`, 'controlplane')
    await until(async () => (await podsNamed('kube-scheduler')).join() === 'kube-scheduler-controlplane Running', 120_000, 'the scheduler to be back')
  })
})
