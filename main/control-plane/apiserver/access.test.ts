/** Who may do what, as the real kubectl is told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPki, issueClientCertificate, kubeconfigText } from './pki.node.ts'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { Kubectl, realKubectl } from './testing/real-kubectl.node.ts'

const binary = realKubectl()

describe.skipIf(!binary)('the real kubectl', () => {
  let dev: DevServer
  let admin: Kubectl
  const as = async (commonName: string, organizations: string[] = [], validMs?: number): Promise<Kubectl> => new Kubectl(binary!, await dev.kubeconfigFor(commonName, organizations, validMs))
  const ok = async (kubectl: Kubectl, args: string, input?: string): Promise<string> => {
    const ran = await kubectl.run(args.split(' '), input)
    expect(ran, `kubectl ${args}`).toMatchObject({ code: 0 })
    return ran.stdout
  }
  const fails = async (kubectl: Kubectl, args: string, input?: string): Promise<string> => {
    const ran = await kubectl.run(args.split(' '), input)
    expect(ran.code, `kubectl ${args}`).not.toBe(0)
    return ran.stderr
  }

  beforeAll(async () => {
    dev = await startDevServer()
    admin = new Kubectl(binary!, dev.kubeconfig)
    await ok(admin, 'create serviceaccount default')
  })
  afterAll(() => dev.close())

  it('knows who it is, by its certificate', async () => {
    expect(await ok(admin, 'auth whoami')).toMatch(/^ATTRIBUTE +VALUE\nUsername +kubernetes-admin\nGroups +\[kubeadm:cluster-admins system:authenticated\]\nExtra: authentication.kubernetes.io\/credential-id +\[X509SHA256=[0-9a-f]{64}\]\n$/)
    expect(await ok(await as('jane', ['dev', 'ops']), 'auth whoami -o jsonpath={.status.userInfo.groups}')).toBe('["dev","ops","system:authenticated"]')
  })

  it('is turned away with a certificate that proves nothing', async () => {
    // Discovery logs of its own troubles first.
    const unauthorized = expect.stringMatching(/error: You must be logged in to the server \((Unauthorized|the server has asked for the client to provide credentials)\)\n$/) as unknown
    expect(await fails(await as('kubernetes-admin', ['system:masters'], -60_000), 'get pods')).toEqual(unauthorized)
    const elsewhere = await createPki({ now: Date.now() })
    const client = await issueClientCertificate(elsewhere.ca, { commonName: 'kubernetes-admin', organizations: ['system:masters'], now: Date.now() })
    expect(await fails(new Kubectl(binary!, kubeconfigText({ server: dev.url, ca: dev.pki.ca.certificate, user: 'x', client })), 'get pods')).toEqual(unauthorized)
    expect(await fails(new Kubectl(binary!, kubeconfigText({ server: dev.url, ca: dev.pki.ca.certificate, user: 'x', token: 'nonsense' })), 'get pods')).toEqual(unauthorized)
    expect(await fails(new Kubectl(binary!, kubeconfigText({ server: dev.url, ca: dev.pki.ca.certificate, user: 'x', client: { certificate: dev.pki.server.certificate, key: dev.pki.server.key } })), 'get pods')).toEqual(unauthorized)
  })

  it('asks what somebody may do', async () => {
    await ok(admin, 'create role reader --verb=get,list --resource=pods,pods/log --resource-name=web')
    await ok(admin, 'create rolebinding reader --role=reader --user=jane')
    const jane = await as('jane')
    expect(await ok(jane, 'auth can-i get pods/web')).toBe('yes\n')
    expect((await jane.run(['auth', 'can-i', 'get', 'pods'])).stdout).toBe('no\n')
    expect((await jane.run(['auth', 'can-i', 'get', 'pods/web', '-n', 'kube-system'])).stdout).toBe('no\n')
    const list = await ok(jane, 'auth can-i --list')
    expect(list).toContain('selfsubjectreviews.authentication.k8s.io')
    expect(list).toMatch(/pods\/log +\[\] +\[web\] +\[get list\]/)
    expect(list).toMatch(/\[\/healthz\] +\[\] +\[get\]/)
    expect(await fails(jane, 'get pods')).toBe('Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"\n')
    await ok(admin, 'create rolebinding dangling --clusterrole=nothing --user=joe')
    expect(await fails(await as('joe'), 'get pods')).toBe('Error from server (Forbidden): pods is forbidden: User "joe" cannot list resource "pods" in API group "" in the namespace "default": RBAC: clusterrole.rbac.authorization.k8s.io "nothing" not found\n')
  })

  it('acts as others', async () => {
    expect(await ok(admin, 'auth whoami --as=jane --as-group=a --as-group=b,c --as-uid=7 -o jsonpath={.status.userInfo}')).toBe('{"groups":["a","b,c","system:authenticated"],"uid":"7","username":"jane"}')
    expect(await ok(admin, 'auth can-i get pods/web --as jane')).toBe('yes\n')
    expect(await fails(await as('jane'), 'get --raw /api/v1/namespaces/default/pods --as=joe')).toBe('Error from server (Forbidden): pods is forbidden: User "jane" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"\n')
    expect(await ok(admin, 'auth whoami --as=system:serviceaccount:default:default -o jsonpath={.status.userInfo.groups}')).toBe('["system:serviceaccounts","system:serviceaccounts:default","system:authenticated"]')
  })

  it('makes tokens and uses them', async () => {
    const token = (await ok(admin, 'create token default --duration=10m')).trim()
    const bot = new Kubectl(binary!, kubeconfigText({ server: dev.url, ca: dev.pki.ca.certificate, user: 'bot', token }))
    expect(await ok(bot, 'auth whoami')).toMatch(/Username +system:serviceaccount:default:default\nUID +[0-9a-f-]{36}\nGroups +\[system:serviceaccounts system:serviceaccounts:default system:authenticated\]\nExtra: authentication.kubernetes.io\/credential-id +\[JTI=/)
    expect(await fails(admin, 'create token default --duration=1m')).toBe('error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes\n')
    expect(await fails(admin, 'create token none')).toBe('error: failed to create token: serviceaccounts "none" not found\n')
    expect(await ok(bot, 'get --raw /openid/v1/jwks')).toContain('"kid"')
  })

  it('runs what the namespace’s standard leaves room for', async () => {
    await ok(admin, 'create namespace strict')
    await ok(admin, 'create serviceaccount default -n strict')
    await ok(admin, 'label namespace strict pod-security.kubernetes.io/enforce=restricted')
    expect(await fails(admin, 'run web --image=nginx -n strict')).toBe(
      'Error from server (Forbidden): pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "web" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")\n')
    const deployed = await admin.run(['create', 'deployment', 'web', '--image=nginx', '-n', 'strict'])
    expect(deployed).toMatchObject({ code: 0, stdout: 'deployment.apps/web created\n' })
    expect(deployed.stderr).toMatch(/^Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false/)
    expect(await fails(admin, 'label namespace strict pod-security.kubernetes.io/warn=never')).toContain('metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "never": must be one of privileged, baseline, restricted')
  })
})
