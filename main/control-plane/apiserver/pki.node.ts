import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { webcrypto } from 'node:crypto'
import { generateTokenKey } from './tokens.node.ts'

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

/** What a lab keeps of its authority, as plain JSON. */
export interface Pki {
  readonly ca: KeyPair
  /** The HTTPS edge's own certificate. */
  readonly server: KeyPair
  /** kubernetes-admin, in kubeadm:cluster-admins. */
  readonly admin: KeyPair
  /** Signs service-account tokens. */
  readonly tokenKey: string
}

export interface PkiOptions {
  /** More names and addresses for the server's certificate. */
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  /** From when on the certificates hold, ms since the epoch (real time: they are checked by real clients). */
  readonly now: number
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const
const yearMs = 365 * 24 * 3600 * 1000
/** Clocks differ: certificates hold a little before they are made. */
const toleranceMs = 5 * 60 * 1000

const serverNames = ['localhost', 'controlplane', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
const serverAddresses = ['127.0.0.1', '::1', '10.96.0.1', '192.168.64.10']

type Keys = webcrypto.CryptoKeyPair

x509.cryptoProvider.set(webcrypto as never)

/** A new cluster authority, with the certificates that are needed at once. */
export async function createPki(options: PkiOptions): Promise<Pki> {
  const [caKeys, serverKeys, adminKeys] = await Promise.all([newKeys(), newKeys(), newKeys()])
  const notBefore = new Date(options.now - toleranceMs)
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=kubernetes',
    notBefore,
    notAfter: new Date(options.now + 10 * yearMs),
    keys: caKeys as never,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey as never),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'kubernetes' }]),
    ],
  })
  const [server, admin] = await Promise.all([
    issue(ca, caKeys.privateKey, serverKeys, {
      commonName: 'kube-apiserver',
      organizations: [],
      use: 'server',
      names: [...serverNames, ...(options.names ?? [])],
      addresses: [...serverAddresses, ...(options.addresses ?? [])],
      now: options.now,
    }),
    issue(ca, caKeys.privateKey, adminKeys, { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'], use: 'client', now: options.now }),
  ])
  return { ca: { certificate: pem(ca), key: await keyPem(caKeys) }, server, admin, tokenKey: generateTokenKey() }
}

export interface ClientCertificateRequest {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly now: number
  /** Default: one year. Negative makes one that has expired. */
  readonly validMs?: number
}

/** A client certificate signed by the cluster's authority. */
export async function issueClientCertificate(ca: KeyPair, request: ClientCertificateRequest): Promise<KeyPair> {
  const authority = new x509.X509Certificate(ca.certificate)
  const key = await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(ca.key), algorithm, false, ['sign'])
  return issue(authority, key, await newKeys(), { ...request, use: 'client' })
}

interface Subject {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly use: 'server' | 'client'
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  readonly now: number
  readonly validMs?: number
}

async function issue(ca: x509.X509Certificate, caKey: webcrypto.CryptoKey, keys: Keys, subject: Subject): Promise<KeyPair> {
  const validMs = subject.validMs ?? yearMs
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension([subject.use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth]),
    await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
  ]
  if (subject.names || subject.addresses) {
    extensions.push(new x509.SubjectAlternativeNameExtension([
      ...(subject.names ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(subject.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ]))
  }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: new x509.Name([...subject.organizations.map((organization) => ({ O: [organization] })), { CN: [subject.commonName] }]).toString(),
    issuer: ca.subject,
    notBefore: new Date(subject.now - toleranceMs + Math.min(0, validMs)),
    notAfter: new Date(subject.now + validMs),
    publicKey: keys.publicKey as never,
    signingKey: caKey as never,
    signingAlgorithm: signing,
    extensions,
  })
  return { certificate: pem(certificate), key: await keyPem(keys) }
}

function newKeys(): Promise<Keys> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<Keys>
}

function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(8))
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}

async function keyPem(keys: Keys): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`
}

/** The text of a kubeconfig for one user of the cluster, everything embedded. */
export function kubeconfigText(options: { readonly server: string; readonly ca: string; readonly user: string; readonly client?: KeyPair; readonly token?: string; readonly cluster?: string; readonly namespace?: string }): string {
  const { server, user, client, token, cluster = 'kubernetes', namespace } = options
  const encoded = (text: string): string => Buffer.from(text).toString('base64')
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- cluster:',
    `    certificate-authority-data: ${encoded(options.ca)}`,
    `    server: ${server}`,
    `  name: ${cluster}`,
    'contexts:',
    '- context:',
    `    cluster: ${cluster}`,
    ...(namespace ? [`    namespace: ${namespace}`] : []),
    `    user: ${user}`,
    `  name: ${user}@${cluster}`,
    `current-context: ${user}@${cluster}`,
    'preferences: {}',
    'users:',
    `- name: ${user}`,
    '  user:',
    ...(client ? [`    client-certificate-data: ${encoded(client.certificate)}`, `    client-key-data: ${encoded(client.key)}`] : []),
    ...(token ? [`    token: ${token}`] : []),
  ]
  return `${lines.join('\n')}\n`
}
