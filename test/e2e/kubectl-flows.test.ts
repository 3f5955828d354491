// x509 asks for this to be there first.
import 'reflect-metadata'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, webcrypto } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import * as k8s from 'client-node-1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realKubectl } from '../parity/real-tools.ts'
import { bundle, eventually, run, startLab, type CommandOutcome, type LabProcess } from './lab-process.ts'

/** One flow after the other as somebody works with the real kubectl, against one built lab. */
describe('kubectl', { timeout: 120_000 }, () => {
  let lab: LabProcess
  const folder = mkdtempSync(join(tmpdir(), 'orrery-kubectl-'))
  const file = (name: string, text: string | Buffer): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({ KUBECONFIG: lab.facts.kubeconfig, ...more })
  const attempt = (words: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<CommandOutcome> => run(realKubectl(), words, environment(more))
  /** Words are split at spaces; a word that holds one is given as a list. */
  const wordsOf = (line: string | readonly string[]): readonly string[] => (typeof line === 'string' ? line.split(' ') : line)
  async function kubectl(line: string | readonly string[], more: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stdout, stderr } = await attempt(wordsOf(line), more)
    expect(code, `kubectl ${wordsOf(line).join(' ')}\n${stdout}\n${stderr}`).toBe(0)
    return stdout.trim()
  }
  /** Starts a command that goes on; answers it when what it has said matches. */
  async function until(command: string, words: readonly string[], said: RegExp): Promise<{ readonly child: ChildProcess; readonly match: RegExpExecArray; text(): string }> {
    const child = spawn(command, [...words], { env: { ...process.env, ...environment() } })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await eventually(`${words.join(' ')} says ${said}`, 20_000, () => said.test(text))
    return { child, match: said.exec(text)!, text: () => text }
  }

  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral', '--speed', '5'])
    await kubectl('run box --image=busybox --labels=app=box --command -- sleep 100000')
    await kubectl('run web --image=nginx --port=80')
    await kubectl('wait pod/box pod/web --for=condition=Ready --timeout=60s')
  }, 200_000)
  afterAll(async () => {
    await lab.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const deployment = (replicas: number, image: string): string => JSON.stringify({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' },
    spec: { replicas, selector: { matchLabels: { app: 'shop' } }, template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'web', image, resources: { requests: { cpu: '10m' } } }] } } },
  })

  test('create, diff, apply, patch, edit, replace, set, scale, roll out, undo, autoscale, expose and delete', async () => {
    const path = file('shop.json', deployment(1, 'nginx:1.25'))
    await kubectl(['create', '-f', path, '--save-config'])
    file('shop.json', deployment(2, 'nginx:1.26'))
    const diff = await attempt(['diff', '-f', path])
    expect(diff.code, diff.stderr).toBe(1)
    expect(diff.stdout).toMatch(/^-\s+- image: nginx:1\.25$/m)
    expect(diff.stdout).toMatch(/^\+\s+- image: nginx:1\.26$/m)
    expect(await kubectl(['apply', '-f', path])).toBe('deployment.apps/shop configured')
    expect((await attempt(['diff', '-f', path])).code).toBe(0)
    expect(await kubectl('rollout status deployment/shop --timeout=60s')).toContain('successfully rolled out')
    for (const [type, patch] of [['strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}'], ['merge', '{"metadata":{"annotations":{"b":"2"}}}'], ['json', '[{"op":"replace","path":"/spec/replicas","value":3}]']]) {
      expect(await kubectl(['patch', 'deployment', 'shop', '--type', type!, '-p', patch!])).toBe('deployment.apps/shop patched')
    }
    expect(await kubectl('get deployment shop -o jsonpath={.spec.replicas}/{.metadata.annotations.b}/{.spec.template.spec.containers[0].env[0].value}/{.spec.template.spec.containers[0].image}')).toBe('3/2/1/nginx:1.26')
    const editor = file('editor.sh', '#!/bin/sh\nsed -i "s/replicas: 3/replicas: 2/" "$1"\n')
    expect(await kubectl('edit deployment shop', { KUBE_EDITOR: `sh ${editor}` })).toBe('deployment.apps/shop edited')
    expect(await kubectl('set image deployment/shop web=nginx:1.27')).toBe('deployment.apps/shop image updated')
    expect(await kubectl('rollout status deployment/shop --timeout=60s')).toContain('successfully rolled out')
    expect(await kubectl('rollout history deployment/shop')).toMatch(/REVISION/)
    expect(await kubectl('rollout undo deployment/shop')).toBe('deployment.apps/shop rolled back')
    expect(await kubectl('get deployment shop -o jsonpath={.spec.template.spec.containers[0].image}')).toBe('nginx:1.26')
    expect(await kubectl('rollout restart deployment/shop')).toBe('deployment.apps/shop restarted')
    expect(await kubectl('rollout pause deployment/shop')).toBe('deployment.apps/shop paused')
    expect(await kubectl('rollout resume deployment/shop')).toBe('deployment.apps/shop resumed')
    expect(await kubectl('set env deployment/shop C=3')).toBe('deployment.apps/shop env updated')
    expect(await kubectl('set resources deployment/shop --requests=cpu=20m')).toBe('deployment.apps/shop resource requirements updated')
    expect(await kubectl('scale deployment/shop --replicas=1 --current-replicas=2')).toBe('deployment.apps/shop scaled')
    expect(await kubectl('autoscale deployment/shop --min=1 --max=3 --cpu=80%')).toBe('horizontalpodautoscaler.autoscaling/shop autoscaled')
    expect(await kubectl('expose deployment/shop --port=80')).toBe('service/shop exposed')
    file('shop.json', JSON.stringify({ ...JSON.parse(await kubectl('get deployment shop -o json')) as object, metadata: { name: 'shop', labels: { replaced: 'yes' } } }))
    expect(await kubectl(['replace', '-f', path])).toBe('deployment.apps/shop replaced')
    expect(await kubectl('get deployment shop -o jsonpath={.metadata.labels}')).toBe('{"replaced":"yes"}')
    expect(await kubectl(['replace', '--force', '-f', path])).toContain('deployment.apps/shop replaced')
    await kubectl('delete deployment/shop service/shop hpa/shop --wait --timeout=60s')
    await kubectl('wait pod -l app=shop --for=delete --timeout=60s')
  })

  test('label, annotate, explain, auth, events and certificates', async () => {
    expect(await kubectl('label pod box tier=back')).toBe('pod/box labeled')
    expect((await attempt(wordsOf('label pod box tier=front'))).stderr).toContain("error: 'tier' already has a value (back), and --overwrite is false")
    expect(await kubectl('annotate pod box note=hello')).toBe('pod/box annotated')
    expect(await kubectl('explain pods.spec.nodeSelector')).toContain('FIELD: nodeSelector <map[string]string>')
    expect(await kubectl('explain componentstatuses')).toContain('KIND:       ComponentStatus')
    expect(await kubectl('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('kubernetes-admin')
    expect((await attempt(wordsOf('auth can-i create pods --as=system:serviceaccount:default:default'))).stdout.trim()).toBe('no')
    await kubectl('create role maker --verb=create --resource=pods')
    await kubectl('create rolebinding maker --role=maker --serviceaccount=default:default')
    expect(await kubectl('auth can-i create pods --as=system:serviceaccount:default:default')).toBe('yes')
    expect(await kubectl('events --for pod/box')).toMatch(/Scheduled\s+Pod\/box\s+Successfully assigned default\/box/)
    const keys = (await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']))
    const csr = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=somebody,O=visitors', keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } })
    const wanted = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'somebody' }, spec: { request: Buffer.from(csr.toString('pem')).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] } }
    await kubectl(['create', '-f', file('csr.json', JSON.stringify(wanted))])
    expect(await kubectl('certificate approve somebody')).toContain('certificatesigningrequest.certificates.k8s.io/somebody approved')
    await kubectl('wait csr/somebody --for=jsonpath={.status.certificate} --timeout=30s')
    const certificate = file('somebody.crt', Buffer.from(await kubectl('get csr somebody -o jsonpath={.status.certificate}'), 'base64'))
    const key = file('somebody.key', `-----BEGIN PRIVATE KEY-----\n${Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')}\n-----END PRIVATE KEY-----\n`)
    // As a user of its own: what the kubeconfig says of the administrator would win over the flags otherwise.
    const own = file('somebody.kubeconfig', readFileSync(lab.facts.kubeconfig, 'utf8'))
    await kubectl(['config', 'set-credentials', 'somebody', `--client-certificate=${certificate}`, `--client-key=${key}`], { KUBECONFIG: own })
    expect(await kubectl('auth whoami --user=somebody -o jsonpath={.status.userInfo.username}', { KUBECONFIG: own })).toBe('somebody')
  })

  test('exec, attach, logs -f, top, debug and port-forward', async () => {
    expect(await kubectl(['exec', 'box', '--', 'sh', '-c', 'echo to $((1+2))'])).toBe('to 3')
    expect((await attempt(['exec', 'box', '--', 'sh', '-c', 'exit 7'])).code).toBe(7)
    await kubectl(['run', 'talker', '--image=busybox', '--command', '--', 'sh', '-c', 'i=0; while true; do i=$((i+1)); echo line $i; sleep 1; done'])
    await kubectl('wait pod/talker --for=condition=Ready --timeout=60s')
    for (const words of [['logs', '-f', 'talker'], ['attach', 'talker']]) {
      const { child } = await until(realKubectl(), words, /line \d+\nline \d+\n/)
      child.kill('SIGINT')
    }
    expect(await kubectl('logs talker --tail=1')).toMatch(/^line \d+$/)
    await eventually('metrics', 60_000, async () => (await attempt(wordsOf('top pod talker --no-headers'))).code === 0)
    expect(await kubectl('top nodes --no-headers')).toMatch(/^controlplane\s+\d+m/)
    await kubectl(['debug', 'web', '--image=busybox', '-c', 'look', '--profile=general', '--', 'sh', '-c', 'echo seen'])
    await eventually('the ephemeral container ends', 30_000, async () => (await kubectl('get pod web -o jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.reason}')) === 'Completed')
    expect(await kubectl('logs web -c look')).toBe('seen')
    const forward = await until(realKubectl(), ['port-forward', 'pod/web', ':80'], /127\.0\.0\.1:(\d+) -> 80/)
    expect(await (await fetch(`http://127.0.0.1:${forward.match[1]!}/`)).text()).toContain('Welcome to nginx!')
    forward.child.kill('SIGINT')
  })

  test.each(['box', 'web'])('cp to and from the pod %s, folders and large files, with retries', async (pod) => {
    const bytes = randomBytes(1_000_000)
    const big = file('big', bytes)
    mkdirSync(join(folder, 'tree/deeper'), { recursive: true })
    file('tree/a', 'a\n')
    file('tree/deeper/b', 'b\n')
    await kubectl(['cp', big, `${pod}:/tmp/big`])
    for (const retries of ['0', '3', '-1']) {
      const back = join(folder, `back-${pod}${retries}`)
      const { code, stdout, stderr } = await attempt(['cp', `${pod}:/tmp/big`, back, `--retries=${retries}`])
      // Resuming for ever ends when what is left is nothing.
      if (retries === '-1') continue
      expect(code, stdout + stderr).toBe(0)
      expect(readFileSync(back).equals(bytes)).toBe(true)
    }
    await kubectl(['cp', join(folder, 'tree'), `${pod}:/tmp/tree`])
    await kubectl(['cp', `${pod}:/tmp/tree`, join(folder, `tree-${pod}`)])
    expect(readFileSync(join(folder, `tree-${pod}/deeper/b`), 'utf8')).toBe('b\n')
  })

  test("client-node's own copying, which does not wait for its end", async () => {
    const config = new k8s.KubeConfig()
    config.loadFromFile(lab.facts.kubeconfig)
    // 1.4 asks tar for gzip and reads what comes as if it were plain, which no cluster can mend; 2.0 no longer asks for it.
    const plain = new (class extends k8s.Exec {
      override exec(...[namespace, pod, container, command, ...rest]: Parameters<k8s.Exec['exec']>): ReturnType<k8s.Exec['exec']> {
        return super.exec(namespace, pod, container, typeof command === 'string' ? command : command.map((word) => (word === 'zcf' ? 'cf' : word)), ...rest)
      }
    })(config)
    const copy = new k8s.Cp(config, plain)
    mkdirSync(join(folder, 'library/sub'), { recursive: true })
    file('library/one', 'one\n')
    file('library/sub/two', 'two\n')
    await kubectl('exec box -- mkdir -p /tmp/library')
    await copy.cpToPod('default', 'box', 'box', join(folder, 'library'), '/tmp/library')
    await eventually('both files are in the pod', 20_000, async () => (await attempt(wordsOf('exec box -- cat /tmp/library/one /tmp/library/sub/two'))).stdout === 'one\ntwo\n')
    const target = join(folder, 'library-back')
    mkdirSync(target)
    await copy.cpFromPod('default', 'box', 'box', 'library', target, '/tmp')
    const read = (): string => {
      try {
        return readFileSync(join(target, 'library/one'), 'utf8') + readFileSync(join(target, 'library/sub/two'), 'utf8')
      } catch {
        return ''
      }
    }
    await eventually('both files are back', 20_000, () => read() === 'one\ntwo\n')
  })

  test('kustomize', async () => {
    mkdirSync(join(folder, 'base'), { recursive: true })
    file('base/kustomization.yaml', 'namePrefix: my-\nlabels: [{pairs: {from: kustomize}}]\nresources: [map.yaml]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n')
    file('base/map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {x: "1"}\n')
    expect(await kubectl(['kustomize', join(folder, 'base')])).toContain('name: my-plain')
    expect(await kubectl(['apply', '-k', join(folder, 'base')])).toMatch(/configmap\/my-made-\w+ created\nconfigmap\/my-plain created/)
    expect(await kubectl(['delete', '-k', join(folder, 'base')])).toContain('configmap "my-plain" deleted')
  })

  test('taint, cordon, drain and uncordon', async () => {
    expect(await kubectl('taint node worker-3 a=b:NoSchedule')).toBe('node/worker-3 tainted')
    expect(await kubectl('taint node worker-3 a-')).toBe('node/worker-3 untainted')
    expect(await kubectl('cordon worker-2')).toBe('node/worker-2 cordoned')
    const drained = await attempt(wordsOf('drain worker-2 --ignore-daemonsets --force --delete-emptydir-data --timeout=60s'))
    expect(drained.code, drained.stderr).toBe(0)
    expect(drained.stdout).toContain('node/worker-2 drained')
    expect(await kubectl('get pods -A --field-selector spec.nodeName=worker-2 -o jsonpath={.items[*].metadata.ownerReferences[*].kind}')).toMatch(/^(DaemonSet ?)+$/)
    expect(await kubectl('uncordon worker-2')).toBe('node/worker-2 uncordoned')
  })

  describe.each([['the real one', () => ({ command: realKubectl(), before: [] as string[] })], ['ours', () => ({ command: process.execPath, before: [bundle, 'kubectl'] })]])('proxy, %s', (_name, tool) => {
    test('serves a port that the system chose, and prefixes', async () => {
      const { command, before } = tool()
      const plain = await until(command, [...before, 'proxy', '-p', '0', '--disable-filter'], /Starting to serve on 127\.0\.0\.1:(\d+)/)
      expect(await (await fetch(`http://127.0.0.1:${plain.match[1]!}/api/`)).json()).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
      plain.child.kill('SIGTERM')
      const prefixed = await until(command, [...before, 'proxy', '--port=0', '--api-prefix=/k8s'], /Starting to serve on 127\.0\.0\.1:(\d+)/)
      const at = `http://127.0.0.1:${prefixed.match[1]!}`
      expect(await (await fetch(`${at}/k8s/api/v1/namespaces/default`)).json()).toMatchObject({ metadata: { name: 'default' } })
      expect((await fetch(`${at}/api/`)).status).toBe(404)
      prefixed.child.kill('SIGTERM')
    })

    test('serves a Unix socket', async () => {
      const { command, before } = tool()
      const socketPath = join(folder, `proxy-${before.length}.sock`)
      const served = await until(command, [...before, 'proxy', `--unix-socket=${socketPath}`], /Starting to serve on (.*)\n/)
      expect(served.match[1]).toBe(socketPath)
      const text = await new Promise<string>((resolve, reject) => {
        const asked = request({ socketPath, path: '/api/', headers: { host: 'localhost' } }, (response) => {
          let said = ''
          response.on('data', (chunk: Buffer) => (said += chunk.toString()))
          response.on('end', () => resolve(said))
        })
        asked.on('error', reject)
        asked.end()
      })
      expect(JSON.parse(text)).toMatchObject({ kind: 'APIVersions' })
      served.child.kill('SIGTERM')
      expect((await run(command, [...before, 'proxy', '-u', socketPath, '--port=8002'], environment())).stderr).toContain('cannot set --unix-socket and --port at the same time')
    })
  })
})
