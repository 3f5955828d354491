/** What a PKCS#10 certificate request says. Pure: whether its signature is right is for somebody with cryptography to check. */
import { bitStringBytes, DerError, derElement, derElements, derTag, expectTag, objectIdentifierText } from './der.ts'
import type { DerElement } from './der.ts'
import { base64Bytes, pemBlocks } from './pem.ts'

export interface CertificateRequest {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Whether the subject has parts besides common name and organizations. */
  readonly hasOtherNames: boolean
  readonly dnsNames: readonly string[]
  /** As text; IPv6 in eight groups. */
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  /** DER of what is signed, of the key (SubjectPublicKeyInfo), and the signature. */
  readonly signed: Uint8Array
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  /** The object identifier of the signature's algorithm. */
  readonly algorithm: string
}

const decoder = new TextDecoder()
const commonNameId = '2.5.4.3'
const organizationId = '2.5.4.10'
const extensionRequestId = '1.2.840.113549.1.9.14'
const alternativeNamesId = '2.5.29.17'

/** Reads `spec.request` of a CertificateSigningRequest (base64 of PEM). Throws Errors with Go's messages. */
export function parseCertificateRequest(request: string): CertificateRequest {
  const text = base64Bytes(request)
  const block = text && pemBlocks(decoder.decode(text))[0]
  if (block?.type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST')
  const [info, algorithm, signature] = derElements(derElement(block.bytes, derTag.sequence).content)
  const signed = expectTag(info, derTag.sequence)
  const [version, subject, publicKey, ...attributes] = derElements(signed.content)
  expectTag(version, derTag.integer)
  return {
    ...subjectOf(expectTag(subject, derTag.sequence)),
    ...alternativeNames(attributes.find(({ tag }) => tag === derTag.attributes)),
    signed: signed.whole,
    publicKey: expectTag(publicKey, derTag.sequence).whole,
    signature: bitStringBytes(expectTag(signature, derTag.bitString)),
    algorithm: objectIdentifierText(expectTag(derElements(expectTag(algorithm, derTag.sequence).content)[0], derTag.objectIdentifier)),
  }
}

function subjectOf(name: DerElement): Pick<CertificateRequest, 'commonName' | 'organizations' | 'hasOtherNames'> {
  let commonName = ''
  const organizations: string[] = []
  let hasOtherNames = false
  for (const set of derElements(name.content)) {
    for (const pair of derElements(expectTag(set, derTag.set).content)) {
      const [id, value] = derElements(expectTag(pair, derTag.sequence).content)
      if (!id || !value) throw new DerError('asn1: syntax error: sequence truncated')
      const text = decoder.decode(value.content)
      const kind = objectIdentifierText(id)
      if (kind === commonNameId) commonName = text
      else if (kind === organizationId) organizations.push(text)
      else hasOtherNames = true
    }
  }
  return { commonName, organizations, hasOtherNames }
}

function alternativeNames(attributes: DerElement | undefined): Pick<CertificateRequest, 'dnsNames' | 'ipAddresses' | 'emailAddresses' | 'uris'> {
  const found = { dnsNames: [] as string[], ipAddresses: [] as string[], emailAddresses: [] as string[], uris: [] as string[] }
  for (const extension of requestedExtensions(attributes)) {
    const [id, ...rest] = derElements(extension.content)
    if (!id || objectIdentifierText(id) !== alternativeNamesId) continue
    const names = derElement(expectTag(rest.at(-1), derTag.octetString).content, derTag.sequence)
    for (const { tag, content } of derElements(names.content)) {
      // Context tags 1, 2, 6 and 7 of a GeneralName.
      if (tag === 0x81) found.emailAddresses.push(decoder.decode(content))
      else if (tag === 0x82) found.dnsNames.push(decoder.decode(content))
      else if (tag === 0x86) found.uris.push(decoder.decode(content))
      else if (tag === 0x87) found.ipAddresses.push(addressText(content))
    }
  }
  return found
}

function requestedExtensions(attributes: DerElement | undefined): DerElement[] {
  return derElements(attributes?.content ?? new Uint8Array()).flatMap((attribute) => {
    const [id, values] = derElements(expectTag(attribute, derTag.sequence).content)
    if (!id || objectIdentifierText(id) !== extensionRequestId) return []
    return derElements(expectTag(values, derTag.set).content).flatMap((list) => derElements(expectTag(list, derTag.sequence).content))
  })
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  return Array.from({ length: bytes.length / 2 }, (_, index) => (bytes[2 * index]! * 256 + bytes[2 * index + 1]!).toString(16)).join(':')
}

/** What is wrong with `status.certificate` (base64 of PEM), as upstream says it; undefined: nothing. */
export function certificateProblem(certificate: string): string | undefined {
  const blocks = pemBlocks(decoder.decode(base64Bytes(certificate) ?? new Uint8Array()))
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found "${type}"`
    if (hasHeaders) return 'no PEM block headers are permitted'
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates'
    try {
      const [body, algorithm, signature] = derElements(derElement(bytes, derTag.sequence).content)
      expectTag(body, derTag.sequence)
      expectTag(algorithm, derTag.sequence)
      expectTag(signature, derTag.bitString)
    } catch (error) {
      if (error instanceof DerError) return 'x509: malformed certificate'
      throw error
    }
  }
  return blocks.length === 0 ? 'must contain one or more CERTIFICATE PEM blocks' : undefined
}
