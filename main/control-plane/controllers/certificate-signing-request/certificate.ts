import { parseCertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'
import { derElement, derElements, derTag, expectTag, objectIdentifierText } from '../../../api/kinds/certificates/der.ts'
import { pemBlocks } from '../../../api/kinds/certificates/pem.ts'
import { bits, concat, element, integer, objectIdentifier, octets, sequence, text, time, yes } from './der-writer.ts'

/** Whoever holds the key of the cluster's authority. */
export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string
  /** ECDSA with SHA-256 over the bytes, as DER. Answers at once: signing takes no time of the simulation. */
  sign(bytes: Uint8Array): Uint8Array
}

/** Certificates hold from a little before they are made, because clocks differ; short ones are not shortened by that. */
const backdateMs = 300_000
const shortMs = 8 * 3_600_000

/** Bits of KeyUsage by upstream's names, from the most significant. */
const keyUsageBits: Readonly<Record<string, number>> = {
  signing: 0, 'digital signature': 0, 'content commitment': 1, 'key encipherment': 2, 'data encipherment': 3, 'key agreement': 4, 'cert sign': 5, 'crl sign': 6, 'encipher only': 7, 'decipher only': 8,
}
const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0', 'server auth': '1.3.6.1.5.5.7.3.1', 'client auth': '1.3.6.1.5.5.7.3.2', 'code signing': '1.3.6.1.5.5.7.3.3', 'email protection': '1.3.6.1.5.5.7.3.4', 's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5', 'ipsec tunnel': '1.3.6.1.5.5.7.3.6', 'ipsec user': '1.3.6.1.5.5.7.3.7', timestamping: '1.3.6.1.5.5.7.3.8', 'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3', 'netscape sgc': '2.16.840.1.113730.4.1',
}

export interface IssueOptions {
  /** `spec.request`. */
  readonly request: string
  readonly usages: readonly string[]
  readonly ttlMs: number
  /** Virtual ms. */
  readonly now: number
  /** 16 random bytes. */
  readonly serial: Uint8Array
}

/** A certificate for a request, as PEM. Follows the signing policy of pkg/controller/certificates/authority. Throws for usages that it does not
 *  know. */
export function issue(authority: CertificateAuthority, { request, usages, ttlMs, now, serial }: IssueOptions): string {
  const issuer = readAuthority(authority.certificate)
  const asked = parseCertificateRequest(request)
  const subject = derElements(derElement(asked.signed, derTag.sequence).content)[1]!.whole
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
  const end = Math.min(ttlMs < shortMs ? now + ttlMs : now + ttlMs - backdateMs, issuer.notAfter)
  const alternatives = [
    ...asked.dnsNames.map((name) => text(0x82, name)),
    ...asked.emailAddresses.map((address) => text(0x81, address)),
    ...asked.ipAddresses.map((address) => element(0x87, addressBytes(address))),
    ...asked.uris.map((uri) => text(0x86, uri)),
  ]
  const extensions = [
    ...usageExtensions(usages),
    extension('2.5.29.19', true, sequence()),
    ...(issuer.keyId ? [extension('2.5.29.35', false, sequence(element(0x80, issuer.keyId)))] : []),
    ...(alternatives.length > 0 ? [extension('2.5.29.17', isEmptyName(subject), sequence(...alternatives))] : []),
  ]
  const body = sequence(
    element(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(serial[0]! & 0x7f, ...serial.subarray(1))),
    algorithm,
    issuer.subject,
    sequence(time(now - backdateMs), time(end)),
    subject,
    asked.publicKey,
    element(0xa3, sequence(...extensions)),
  )
  return pem(sequence(body, algorithm, bits(authority.sign(body))))
}

function usageExtensions(usages: readonly string[]): Uint8Array[] {
  let flags = 0
  const extended = new Set<string>()
  for (const usage of usages) {
    const bit = keyUsageBits[usage]
    const id = extendedUsages[usage]
    if (bit !== undefined) flags |= 0x8000 >> bit
    else if (id !== undefined) extended.add(id)
    else throw new Error(`unrecognized usage values: ["${usage}"]`)
  }
  const extensions: Uint8Array[] = []
  if (flags !== 0) {
    const bytes = flags & 0xff ? Uint8Array.of(flags >> 8, flags & 0xff) : Uint8Array.of(flags >> 8)
    const last = bytes.at(-1)!
    let unused = 0
    while (!((last >> unused) & 1)) unused++
    extensions.push(extension('2.5.29.15', true, bits(bytes, unused)))
  }
  if (extended.size > 0) extensions.push(extension('2.5.29.37', false, sequence(...[...extended].sort().map(objectIdentifier))))
  return extensions
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(id), ...(critical ? [yes] : []), octets(value))
}

function isEmptyName(name: Uint8Array): boolean {
  return name.length === 2
}

/** When a certificate ends, virtual ms; undefined for what is none. */
export function certificateEnd(certificate: string): number | undefined {
  try {
    return readAuthority(certificate).notAfter
  } catch {
    return undefined
  }
}

function readAuthority(certificate: string): { readonly subject: Uint8Array; readonly notAfter: number; readonly keyId: Uint8Array | undefined } {
  const block = pemBlocks(certificate)[0]
  if (!block) throw new Error('no certificate in the authority')
  const [body] = derElements(derElement(block.bytes, derTag.sequence).content)
  const parts = derElements(expectTag(body, derTag.sequence).content)
  // Version, serial number, algorithm, issuer, validity, subject, key, extensions.
  const [, , , , validity, subject] = parts
  const end = derElements(expectTag(validity, derTag.sequence).content)[1]!
  return { subject: expectTag(subject, derTag.sequence).whole, notAfter: timeOf(end.tag, end.content), keyId: subjectKeyId(parts.find(({ tag }) => tag === 0xa3)?.content) }
}

function timeOf(tag: number, content: Uint8Array): number {
  const digits = new TextDecoder().decode(content)
  const year = tag === 0x18 ? digits.slice(0, 4) : `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits.slice(0, 2)}`
  const rest = digits.slice(tag === 0x18 ? 4 : 2)
  return Date.UTC(Number(year), Number(rest.slice(0, 2)) - 1, Number(rest.slice(2, 4)), Number(rest.slice(4, 6)), Number(rest.slice(6, 8)), Number(rest.slice(8, 10)))
}

function subjectKeyId(extensions: Uint8Array | undefined): Uint8Array | undefined {
  if (!extensions) return undefined
  for (const each of derElements(derElement(extensions, derTag.sequence).content)) {
    const [id, ...rest] = derElements(each.content)
    if (id && objectIdentifierText(id) === '2.5.29.14') return derElement(expectTag(rest.at(-1), derTag.octetString).content, derTag.octetString).content
  }
  return undefined
}

function addressBytes(address: string): Uint8Array {
  if (!address.includes(':')) return Uint8Array.from(address.split('.'), Number)
  return concat(address.split(':').map((group) => Uint8Array.of(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff)))
}

function pem(bytes: Uint8Array): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`
}
