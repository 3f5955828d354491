/** Tokens through a server: what opens it, what does not, and what TokenReview says of both. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Secret, ServiceAccount } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { encodeBase64 } from '../../../api/kinds/core/base64.ts'
import { startServer } from '../testing/start-server.ts'
import { es256Tokens, generateTokenKey } from '../tokens.node.ts'
import { legacyIssuer, legacyTokens } from './legacy-tokens.ts'
import { TokenReader } from './token-claims.ts'

const base = '/api/v1/namespaces/default'
const issuer = 'https://kubernetes.default.svc.cluster.local'
const tokens = es256Tokens(generateTokenKey())
const cryptoProblem = '[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]'

async function start() {
  const server = await startServer({ tokens })
  const { call, run, kernel } = server
  const account = (await call('POST', `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } })).json
  await run(10)
  const request = async (spec: object = {}, name = 'bot') => call('POST', `${base}/serviceaccounts/${name}/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })
  return {
    ...server,
    account,
    request,
    token: async (spec: object = {}) => (await request(spec)).json.status.token as string,
    review: async (token: string, audiences?: string[]) => (await call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, ...(audiences ? { audiences } : {}) } })).json.status,
    /** Who a request with these headers is taken for, or the code of the refusal. */
    whoami: async (headers: Record<string, string>) => {
      const { status, json } = await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, headers, null)
      return status === 201 ? json.status.userInfo : status
    },
    seconds: () => Math.floor(kernel.now() / 1000),
  }
}

describe('a service account’s token', () => {
  it('says who it is, until its object goes', async () => {
    const { call, run, token, whoami, review, account } = await start()
    await call('POST', `${base}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
    const bound = await token({ boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's' } })
    const user = { username: 'system:serviceaccount:default:bot', uid: account.metadata.uid, groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)] } }
    expect(await whoami({ authorization: `Bearer ${bound}` })).toEqual(user)
    expect(await review(bound)).toEqual({ authenticated: true, user, audiences: [issuer] })
    await call('DELETE', `${base}/secrets/s`)
    await run(10)
    expect(await review(bound)).toEqual({ user: {}, error: '[invalid bearer token, service account token has been invalidated]' })
    expect(await whoami({ authorization: `Bearer ${bound}` })).toBe(401)
    const free = await token()
    await call('DELETE', `${base}/serviceaccounts/bot`)
    const again = await call('POST', `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } })
    await run(10)
    expect((await review(free)).error).toBe(`[invalid bearer token, service account UID (${again.json.metadata.uid}) does not match claim (${account.metadata.uid})]`)
  })

  it('names the pod and the node that it was made for', async () => {
    const { call, run, token, review } = await start()
    const node = await call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } })
    const pod = await call('POST', `${base}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { serviceAccountName: 'bot', nodeName: 'n', containers: [{ name: 'c', image: 'i' }] } })
    await run(10)
    const made = await token({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' }, expirationSeconds: 3607 })
    const claims = JSON.parse(atob(made.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')))
    expect(claims['kubernetes.io']).toMatchObject({ namespace: 'default', pod: { name: 'p', uid: pod.json.metadata.uid }, node: { name: 'n', uid: node.json.metadata.uid }, serviceaccount: { name: 'bot' }, warnafter: claims.iat + 3607 })
    expect(claims.exp - claims.iat).toBe(365 * 24 * 3600)
    expect((await review(made)).user.extra).toMatchObject({ 'authentication.kubernetes.io/pod-name': ['p'], 'authentication.kubernetes.io/node-name': ['n'], 'authentication.kubernetes.io/node-uid': [node.json.metadata.uid] })
  })

  it('is for its audiences only', async () => {
    const { token, review, whoami } = await start()
    const forVault = await token({ audiences: ['vault'] })
    expect(await whoami({ authorization: `Bearer ${forVault}` })).toBe(401)
    expect((await review(forVault)).error).toBe(`[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${issuer}"]]`)
    expect(await review(forVault, ['vault', 'other'])).toMatchObject({ authenticated: true, audiences: ['vault'] })
  })

  it('ends a minute after its time, and begins a minute before', async () => {
    const { token, review, run, account, seconds } = await start()
    const short = await token({ expirationSeconds: 600 })
    await run(650_000)
    expect((await review(short)).authenticated).toBe(true)
    await run(20_000)
    expect((await review(short)).error).toBe('[invalid bearer token, service account token has expired]')
    const claims = (more: object) => tokens.sign({ aud: [issuer], exp: seconds() + 600, iat: seconds(), nbf: seconds(), iss: issuer, jti: 'j', sub: 'system:serviceaccount:default:bot', 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'bot', uid: account.metadata.uid } }, ...more })
    expect((await review(claims({ nbf: seconds() + 50 }))).authenticated).toBe(true)
    expect((await review(claims({ nbf: seconds() + 90 }))).error).toBe('[invalid bearer token, service account token is not valid yet]')
    expect((await review(claims({ iat: seconds() + 90 }))).error).toBe('[invalid bearer token, service account token is issued in the future]')
    expect((await review(claims({ aud: undefined }))).audiences).toEqual([issuer])
  })

  it('is refused when anything of it was changed', async () => {
    const { token, review } = await start()
    const good = await token()
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const encode = (value: object): string => encodeBase64(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    for (const alg of ['none', 'HS256', 'ES257', 'PS256', '', 'es256']) {
      expect((await review(`${encode({ alg })}.${payload}.${signature}`)).error, alg).toBe('invalid bearer token')
      expect((await review(`${encode({ alg })}.${payload}.`)).error, alg).toBe('invalid bearer token')
    }
    expect((await review(`${header}.${payload}.`)).error).toBe(cryptoProblem)
    expect((await review(`${header}.${payload}.${signature}`.replace(/.$/, 'A').slice(0, -1))).error).toBe(cryptoProblem)
    expect((await review(es256Tokens(generateTokenKey()).sign({ ...JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) }))).error).toBe(cryptoProblem)
    const masters = encode({ ...JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))), sub: 'system:serviceaccount:kube-system:admin' })
    expect((await review(`${header}.${masters}.${signature}`)).error).toBe(cryptoProblem)
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom('A', 'b', '-', '_', '.', ' ', 'é', '\u0000'), async (at, character) => {
        fc.pre(good[at] !== character)
        // The last letter of a signature has bits that count for nothing.
        fc.pre(at !== good.length - 1)
        expect((await review(good.slice(0, at) + character + good.slice(at + 1))).authenticated).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })
})

describe('a token request', () => {
  it.each([
    [{ expirationSeconds: 1 }, 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes'],
    [{ expirationSeconds: 2 ** 33 }, 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds'],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Service', name: 'x' } }, 'cannot bind token to object of type /v1, Kind=Service'],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'x' } }, 'pods "x" not found'],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'u' } }, 'Operation cannot be fulfilled on Secret "s": the UID in the bound object reference (u) does not match the UID in record. The object might have been deleted and then recreated'],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'other' } }, 'cannot bind token for serviceaccount "bot" to pod running with different serviceaccount name.'],
  ])('%j is refused', async (spec, message) => {
    const { call, request } = await start()
    await call('POST', `${base}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
    await call('POST', `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other' } })
    await call('POST', `${base}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'other' }, spec: { serviceAccountName: 'other', containers: [{ name: 'c', image: 'i' }] } })
    expect((await request(spec)).json.message).toBe(message)
  })

  it('is about the account that its path names', async () => {
    const { call, request } = await start()
    expect((await request({}, 'none')).json.message).toBe('serviceaccounts "none" not found')
    const named = await call('POST', `${base}/serviceaccounts/bot/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: 'other' }, spec: {} })
    expect(named.json).toMatchObject({ code: 422, message: 'TokenRequest.authentication.k8s.io "bot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified' })
  })
})

describe('a secret’s token', () => {
  it('holds as long as the secret has it, and is noted', async () => {
    const { call, run, review, whoami, account } = await start()
    const token = tokens.sign({ iss: legacyIssuer, sub: 'system:serviceaccount:default:bot', 'kubernetes.io/serviceaccount/namespace': 'default', 'kubernetes.io/serviceaccount/secret.name': 's', 'kubernetes.io/serviceaccount/service-account.name': 'bot', 'kubernetes.io/serviceaccount/service-account.uid': account.metadata.uid } as never)
    expect((await review(token)).error).toBe('[invalid bearer token, Token has been invalidated]')
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { token: encodeBase64('other') } }
    await call('POST', `${base}/secrets`, secret)
    expect((await review(token)).error).toBe('[invalid bearer token, Token does not match server\'s copy]')
    await call('PATCH', `${base}/secrets/s`, { data: { token: encodeBase64(token) } }, { 'content-type': 'application/merge-patch+json' })
    await run(10)
    expect(await whoami({ authorization: `Bearer ${token}` })).toEqual({ username: 'system:serviceaccount:default:bot', uid: account.metadata.uid, groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] })
    await run(50)
    expect((await call('GET', `${base}/secrets/s`)).json.metadata.labels).toEqual({ 'kubernetes.io/legacy-token-last-used': '2026-01-01' })
    await call('PATCH', `${base}/secrets/s`, { metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2025-01-01' } } }, { 'content-type': 'application/merge-patch+json' })
    await run(10)
    expect((await review(token)).error).toContain('the token in secret default/s for service account default/bot has been marked invalid.')
    expect(await whoami({ authorization: `Bearer ${token}` })).toBe(401)
    await run(24 * 3600_000)
    expect(await whoami({ authorization: `Bearer ${token}` })).toBe(401)
    await run(50)
    expect((await call('GET', `${base}/secrets/s`)).json.metadata.labels).toEqual({ 'kubernetes.io/legacy-token-invalid-since': '2025-01-01', 'kubernetes.io/legacy-token-last-used': '2026-01-02' })
    await call('PATCH', `${base}/secrets/s`, { metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': null } } }, { 'content-type': 'application/merge-patch+json' })
    await run(10)
    expect(await whoami({ authorization: `Bearer ${token}` })).toMatchObject({ username: 'system:serviceaccount:default:bot' })
  })

  it.each([
    ['2026-01-01', '2026-01-01'],
    ['2026-01-02', '2026-01-02'],
    ['2025-12-31', '2026-01-01'],
    ['2030-01-01', '2026-01-01'],
    ['yesterday', '2026-01-01'],
  ])('used last on %s is noted as used on %s', async (before, after) => {
    const { call, run, whoami, account } = await start()
    const token = tokens.sign({ iss: legacyIssuer, sub: 'system:serviceaccount:default:bot', 'kubernetes.io/serviceaccount/namespace': 'default', 'kubernetes.io/serviceaccount/secret.name': 's', 'kubernetes.io/serviceaccount/service-account.name': 'bot', 'kubernetes.io/serviceaccount/service-account.uid': account.metadata.uid } as never)
    const made = await call('POST', `${base}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', labels: { 'kubernetes.io/legacy-token-last-used': before } }, data: { token: encodeBase64(token) } })
    await run(10)
    expect(await whoami({ authorization: `Bearer ${token}` })).toMatchObject({ username: 'system:serviceaccount:default:bot' })
    await run(50)
    const { labels, resourceVersion } = (await call('GET', `${base}/secrets/s`)).json.metadata
    expect(labels).toEqual({ 'kubernetes.io/legacy-token-last-used': after })
    expect(resourceVersion === made.json.metadata.resourceVersion).toBe(before === after)
  })

  it('is refused once it is marked, which the audit log says', async () => {
    const kept: [string, string][] = []
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, data: {} }
    const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', namespace: 'default', uid: 'u' }, secrets: [{ name: 's' }] }
    const claims = { iss: legacyIssuer, sub: 'system:serviceaccount:default:bot', 'kubernetes.io/serviceaccount/namespace': 'default', 'kubernetes.io/serviceaccount/secret.name': 's', 'kubernetes.io/serviceaccount/service-account.name': 'bot', 'kubernetes.io/serviceaccount/service-account.uid': 'u' }
    const token = tokens.sign(claims as never)
    const outcome = async (labels: Record<string, string>, owner: ServiceAccount) => {
      kept.length = 0
      const find = (resource: string): KubeObject => (resource === 'secrets' ? { ...secret, metadata: { ...secret.metadata, labels }, data: { token: encodeBase64(token) } } as KubeObject : owner)
      const way = legacyTokens({ reader: new TokenReader(tokens), audiences: [issuer], used: () => undefined, lookup: { cached: find, read: async (resource) => find(resource) } })
      return way.authenticate(token, [issuer], (key, value) => kept.push([key, value]))
    }
    const subject = ['authentication.k8s.io/legacy-token', 'system:serviceaccount:default:bot']
    expect(await outcome({}, account)).toMatchObject({ user: { uid: 'u' }, warning: 'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.' })
    expect(kept).toEqual([subject, ['authentication.k8s.io/legacy-token-autogenerated-secret', 's']])
    expect(await outcome({}, { ...account, secrets: [] })).not.toHaveProperty('warning')
    expect(kept).toEqual([subject, ['authentication.k8s.io/legacy-token-manual-secret', 's']])
    expect(await outcome({ 'kubernetes.io/legacy-token-invalid-since': '2025-01-01' }, account)).toHaveProperty('problem', 'the token in secret default/s for service account default/bot has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the \'kubernetes.io/legacy-token-invalid-since\' label from the secret to temporarily allow use of this token')
    expect(new Map(kept)).toEqual(new Map([subject, ['authentication.k8s.io/legacy-token-invalidated', 's/default']] as [string, string][]))
  })
})

describe('a bootstrap token', () => {
  const secret = (more: Record<string, string> = {}, type = 'bootstrap.kubernetes.io/token') => ({
    apiVersion: 'v1', kind: 'Secret', type, metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    data: Object.fromEntries(Object.entries({ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true', 'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token', ...more }).map(([key, value]) => [key, encodeBase64(value)])),
  })
  const joined = { authorization: 'Bearer abcdef.0123456789abcdef' }

  it('names a joining node', async () => {
    const { call, whoami, review, run } = await start()
    expect(await whoami(joined)).toBe(401)
    await call('POST', '/api/v1/namespaces/kube-system/secrets', secret({ expiration: '2026-01-01T01:00:00Z' }))
    await run(10)
    expect(await whoami(joined)).toEqual({ username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token', 'system:authenticated'] })
    expect(await review('abcdef.0123456789abcdef')).toMatchObject({ authenticated: true, audiences: [issuer] })
    expect(await review('abcdef.0123456789abcdef', ['vault'])).toEqual({ user: {}, error: 'invalid bearer token' })
    expect(await whoami({ authorization: 'Bearer abcdef.0123456789abcdeX' })).toBe(401)
    await run(3_600_000)
    expect(await whoami(joined)).toBe(401)
  })

  it.each<[string, Record<string, string>, string?]>([
    ['for signing only', { 'usage-bootstrap-authentication': 'false' }],
    ['of another id', { 'token-id': 'fedcba' }],
    ['of another secret', { 'token-secret': 'fedcba9876543210' }],
    ['with groups that are not for it', { 'auth-extra-groups': 'system:masters' }],
    ['with a time that is none', { expiration: 'soon' }],
    ['of another type', {}, 'Opaque'],
  ])('%s opens nothing', async (_what, data, type) => {
    const { call, whoami, run } = await start()
    await call('POST', '/api/v1/namespaces/kube-system/secrets', secret(data, type))
    await run(10)
    expect(await whoami(joined)).toBe(401)
  })
})

describe('headers', () => {
  it('that say nothing leave nobody', async () => {
    const { whoami } = await start()
    for (const authorization of ['', 'Bearer', 'Basic Zm9vOmJhcg==', 'token x', 'Bearer\tx', ' ']) expect(await whoami({ authorization }), authorization).toBe(403)
  })

  it('that say nonsense are refused, whatever it is', async () => {
    const { call } = await start()
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }), async (text) => {
        const token = text.replaceAll(/\s/g, '') || 'x'
        expect((await call('GET', '/api', undefined, { authorization: `Bearer ${token}` }, null)).json).toMatchObject({ code: 401, message: 'Unauthorized', reason: 'Unauthorized' })
      }),
      { numRuns: 60 },
    )
  })

  it('warn of a token that a space hides', async () => {
    const { call } = await start()
    const answer = await call('GET', '/version', undefined, { authorization: 'Bearer  abc' }, null)
    expect(answer.status).toBe(200)
    expect(answer.headers['warning']).toBe('299 - "the provided Authorization header contains extra space before the bearer token, and is ignored"')
  })

  it('of a WebSocket may carry the token', async () => {
    const { token, call } = await start()
    const carried = encodeBase64(await token()).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    const ask = async (protocols: string) => (await call('GET', '/api', undefined, { upgrade: 'websocket', 'sec-websocket-protocol': protocols }, null)).status
    const prefix = 'base64url.bearer.authorization.k8s.io.'
    expect(await ask(`${prefix}${carried}, v4.channel.k8s.io`)).not.toBe(401)
    for (const protocols of [`${prefix}${carried}`, `${prefix}!!!, v4.channel.k8s.io`, `${prefix}${carried}, ${prefix}${carried}`, `${prefix}QUJD, v4.channel.k8s.io`]) expect(await ask(protocols), protocols.slice(0, 60)).toBe(401)
  })

  it('do not make a certificate’s problem good, but a token does', async () => {
    const { call, token } = await start()
    const expired = { commonName: 'kubernetes-admin', organizations: ['system:masters'], problem: 'x509: certificate has expired or is not yet valid' }
    expect((await call('GET', '/api', undefined, {}, expired)).status).toBe(401)
    expect((await call('GET', '/api', undefined, { authorization: `Bearer ${await token()}` }, expired)).status).toBe(200)
    expect((await call('GET', '/version', undefined, {}, { commonName: '', organizations: ['system:masters'] })).status).toBe(200)
    expect((await call('GET', '/api/v1/secrets', undefined, {}, { commonName: '', organizations: ['system:masters'] })).json.message).toBe('secrets is forbidden: User "system:anonymous" cannot list resource "secrets" in API group "" at the cluster scope')
  })
})

it('the keys are published for everybody who may discover them', async () => {
  const { call } = await start()
  const known = (await call('GET', '/.well-known/openid-configuration')).json
  expect(known).toEqual({ issuer, jwks_uri: 'https://192.168.64.10:6443/openid/v1/jwks', response_types_supported: ['id_token'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'] })
  expect((await call('GET', '/openid/v1/jwks')).json.keys).toEqual([{ use: 'sig', kty: 'EC', kid: expect.any(String), crv: 'P-256', alg: 'ES256', x: expect.any(String), y: expect.any(String) }])
  expect((await call('GET', '/openid/v1/jwks', undefined, {}, null)).status).toBe(403)
})
