import { defineController } from '../../../api/client/controller.ts'
import type { ConfigMap, Secret } from '../../../api/generated/types.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { decodeBase64 } from '../../../api/kinds/core/base64.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import { hmacSha256 } from './hmac-sha256.ts'

const publicNamespace = 'kube-public'
const clusterInfo = 'cluster-info'
const tokenNamespace = 'kube-system'
const signaturePrefix = 'jws-kubeconfig-'

/** Signs the kubeconfig in kube-public/cluster-info with every bootstrap token that is for signing, so that who joins with a token can trust it;
 *  takes signatures of other tokens away. Without the ConfigMap, which kubeadm makes, there is nothing to do. Follows
 *  pkg/controller/bootstrap. */
export const bootstrapSignerController = defineController({
  name: 'bootstrap-signer-controller',
  noun: 'configmap',
  workers: 1,
  setUp({ client, informers, process }, queue) {
    const maps = informers.of(configMapKind, { namespace: publicNamespace, fieldSelector: `metadata.name=${clusterInfo}` })
    const secrets = informers.of(secretKind)
    const sign = (): void => queue.add(clusterInfo)
    const tokenSeen = (secret: Secret): void => {
      if (isToken(secret)) sign()
    }
    maps.onChange({ added: sign, updated: sign })
    secrets.onChange({ added: tokenSeen, updated: tokenSeen, deleted: tokenSeen })
    return async () => {
      const map = maps.get(publicNamespace, clusterInfo)
      const kubeconfig = map?.data?.['kubeconfig']
      if (!map || kubeconfig === undefined) return undefined
      const now = process.clock.now()
      const signed = withSignatures(map, kubeconfig, secrets.list(tokenNamespace).filter(isToken), now)
      if (semanticEqual(signed.data, map.data)) return undefined
      await client.update(configMapKind, signed).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
      return undefined
    }
  },
})

function isToken({ type, metadata }: Secret): boolean {
  return type === 'bootstrap.kubernetes.io/token' && metadata.namespace === tokenNamespace
}

/** The ConfigMap with the signatures of exactly these tokens, without those that have expired or are not for signing. */
export function withSignatures(map: ConfigMap, kubeconfig: string, tokens: readonly Secret[], now: number): ConfigMap {
  const data = Object.fromEntries(Object.entries(map.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix)))
  for (const token of tokens) {
    const { id, secret } = signingToken(token, now) ?? {}
    if (id !== undefined && secret !== undefined) data[signaturePrefix + id] = detachedSignature(kubeconfig, id, secret)
  }
  return { ...map, data }
}

function signingToken({ metadata, data }: Secret, now: number): { readonly id: string; readonly secret: string } | undefined {
  const text = (key: string): string => decodeBase64(data?.[key] ?? '') ?? ''
  const id = text('token-id')
  const secret = text('token-secret')
  if (id === '' || secret === '' || metadata.name !== `bootstrap-token-${id}` || text('usage-bootstrap-signing') !== 'true') return undefined
  const expiration = text('expiration')
  if (expiration !== '' && (parseTime(expiration) ?? 0) < now) return undefined
  return { id, secret }
}

/** A JSON Web Signature (HS256) over the text, the text itself left out (RFC 7515, appendix F). */
export function detachedSignature(text: string, id: string, secret: string): string {
  const encoder = new TextEncoder()
  const header = base64Url(encoder.encode(JSON.stringify({ alg: 'HS256', kid: id })))
  const signature = hmacSha256(encoder.encode(secret), encoder.encode(`${header}.${base64Url(encoder.encode(text))}`))
  return `${header}..${base64Url(signature)}`
}

function base64Url(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
