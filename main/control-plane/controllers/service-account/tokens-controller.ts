import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Secret, ServiceAccount } from '../../../api/generated/types.ts'
import { encodeBase64 } from '../../../api/kinds/core/base64.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'

const secretType = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'

/** What a secret's token says; it never expires. */
export interface SecretTokenClaims {
  readonly iss: 'kubernetes/serviceaccount'
  readonly sub: string
  readonly 'kubernetes.io/serviceaccount/namespace': string
  readonly 'kubernetes.io/serviceaccount/secret.name': string
  readonly 'kubernetes.io/serviceaccount/service-account.name': string
  readonly 'kubernetes.io/serviceaccount/service-account.uid': string
}

export interface TokensControllerOptions {
  /** Signs as --service-account-private-key-file would. */
  readonly sign: (claims: SecretTokenClaims) => string
  /** PEM of the cluster's authority (--root-ca-file). */
  readonly rootCertificate: string
}

/** Fills the Secrets of type kubernetes.io/service-account-token with a token, and deletes them when their service account is gone. Makes no
 *  Secrets itself: nothing has since 1.24. Follows pkg/controller/serviceaccount's TokensController. */
export function tokensController({ sign, rootCertificate }: TokensControllerOptions): ControllerDefinition {
  return defineController({
    name: 'serviceaccount-token-controller',
    actsAsManager: true,
    noun: 'secret',
    workers: 5,
    retriesMax: 10,
    setUp({ client, informers }, queue) {
      const secrets = informers.of(secretKind, { fieldSelector: `type=${secretType}` })
      const accounts = informers.of(serviceAccountKind)
      secrets.addIndex('account', (secret) => [accountKey(secret)])
      secrets.onChange({ added: (secret) => queue.add(keyOf(secret)), updated: (secret) => queue.add(keyOf(secret)) })
      const touched = (account: ServiceAccount): void => {
        for (const secret of secrets.byIndex('account', keyOf(account))) queue.add(keyOf(secret))
      }
      accounts.onChange({ added: touched, deleted: touched })
      return async (key) => {
        const { namespace, name } = splitKey(key)
        const secret = secrets.get(namespace, name)
        if (!secret || secret.metadata.deletionTimestamp) return undefined
        const account = await accountOf(secret)
        if (!account) {
          const { uid, resourceVersion } = secret.metadata
          await client.delete(secretKind, name, namespace, { preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) } }).catch(ignoreMissing)
          return undefined
        }
        const filled = filledSecret(secret, account, rootCertificate, sign)
        if (filled) await client.update(secretKind, filled).catch(ignoreMissing)
        return undefined
      }

      /** The account that a secret is for, looked for in the API when the cache does not know it: deleting is final. */
      async function accountOf(secret: Secret): Promise<ServiceAccount | undefined> {
        const [namespace, name] = [secret.metadata.namespace ?? '', secret.metadata.annotations?.[nameAnnotation] ?? '']
        const uid = secret.metadata.annotations?.[uidAnnotation] ?? ''
        const isOwn = (account: ServiceAccount | undefined): account is ServiceAccount => account !== undefined && (uid === '' || uid === account.metadata.uid)
        const known = accounts.get(namespace, name)
        if (isOwn(known)) return known
        const found = await client.get(serviceAccountKind, name, namespace).catch((error: unknown) => {
          if (isNotFound(error)) return undefined
          throw error
        })
        return isOwn(found) ? found : undefined
      }
    },
  })
}

/** The secret with everything that it lacks, or undefined when it has it all. */
export function filledSecret(secret: Secret, account: ServiceAccount, rootCertificate: string, sign: TokensControllerOptions['sign']): Secret | undefined {
  const { data = {}, metadata } = secret
  const namespace = metadata.namespace ?? ''
  const authority = encodeBase64(rootCertificate)
  const missing = {
    ...(data['ca.crt'] === authority ? {} : { 'ca.crt': authority }),
    ...(data['namespace'] ? {} : { namespace: encodeBase64(namespace) }),
    ...(data['token'] ? {} : { token: encodeBase64(sign(claimsOf(secret, account))) }),
  }
  if (Object.keys(missing).length === 0) return undefined
  return { ...secret, metadata: { ...metadata, annotations: { ...metadata.annotations, [nameAnnotation]: account.metadata.name, [uidAnnotation]: account.metadata.uid ?? '' } }, data: { ...data, ...missing } }
}

function claimsOf(secret: Secret, account: ServiceAccount): SecretTokenClaims {
  const namespace = account.metadata.namespace ?? ''
  const { name, uid = '' } = account.metadata
  return {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret.metadata.name,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

function accountKey({ metadata }: Secret): string {
  return `${metadata.namespace ?? ''}/${metadata.annotations?.[nameAnnotation] ?? ''}`
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error
}
