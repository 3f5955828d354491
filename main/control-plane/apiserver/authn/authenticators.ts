import type { Secret } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isConflict, isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { OwnObjects } from '../bootstrap/own-objects.ts'
import type { Resources } from '../registry/resources.ts'
import type { Tokens } from '../tokens.ts'
import { Authenticator } from './authenticator.ts'
import { bootstrapTokens } from './bootstrap-tokens.ts'
import { lastUsedLabel, legacyTokens } from './legacy-tokens.ts'
import type { ObjectLookup } from './object-lookup.ts'
import { serviceAccountTokens } from './service-account-tokens.ts'
import { TokenReader } from './token-claims.ts'

const dayMs = 86_400_000

export interface AuthenticationParts {
  readonly process: Process
  readonly resources: Resources
  readonly own: OwnObjects
  readonly tokens: Tokens
  readonly issuer: string
}

/** The server's ways to know who sends a request, as kubeadm's flags turn them on. */
export function makeAuthenticator({ process, resources, own, tokens, issuer }: AuthenticationParts): Authenticator {
  const now = (): number => process.clock.now()
  const audiences = [issuer]
  const reader = new TokenReader(tokens)
  const lookup: ObjectLookup = {
    cached: (resource, namespace, name) => resources.storeOf('', resource).store.cached(namespace, name),
    read: (resource, namespace, name) => found(resources.storeOf('', resource).store.get(namespace, name)),
  }
  return new Authenticator({
    audiences,
    tokens: [
      legacyTokens({ reader, audiences, lookup, used: (secret) => noteUse(secret) }),
      serviceAccountTokens({ reader, issuer, audiences, now, lookup }),
      bootstrapTokens({ lookup, now, audiences, log: (message) => process.journal.info(message) }),
    ],
  })

  /** Keeps the day of a secret's last use in its label; once a day is enough. */
  function noteUse(secret: Secret): void {
    const today = formatTime(now()).slice(0, 10)
    const lastUsed = secret.metadata.labels?.[lastUsedLabel]
    // Another server's clock may be a little ahead.
    if (lastUsed === today || lastUsed === formatTime(now() + dayMs).slice(0, 10)) return
    const { store } = resources.storeOf('', 'secrets')
    const labelled = (current: KubeObject | undefined): KubeObject => ({ ...current!, metadata: { ...current!.metadata, labels: { ...current!.metadata.labels, [lastUsedLabel]: today } } })
    store.update(own.context(), secret.metadata.namespace ?? '', secret.metadata.name, { subresource: '', mayCreate: false, transform: labelled }, { dryRun: false, fieldManager: 'kube-apiserver' }).catch((error: unknown) => {
      if (!isConflict(error) && !isNotFound(error)) process.journal.error('Failed to label legacy service account token secret with last-used', { err: error })
    })
  }
}

function found(reading: Promise<KubeObject>): Promise<KubeObject | undefined> {
  return reading.catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}
