import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Secret } from '../../../api/generated/types.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { isConflict, isNotFound } from '../../../api/machinery/status-error.ts'
import { accountNameAnnotation, dateOf, invalidSinceLabel, judge, lastUsedLabel, trackedFrom } from './judgement.ts'
import { secretsOf } from './pod-secrets.ts'

const trackingMap = 'kube-apiserver-legacy-service-account-token-tracking'
const tokenType = 'kubernetes.io/service-account-token'
/** The one key: all tokens are looked at together. */
const everyToken = 'tokens'
const dayMs = 86_400_000

export interface LegacyServiceAccountTokenCleanerOptions {
  /** --legacy-service-account-token-clean-up-period, in ms. Default: a year. */
  readonly cleanUpPeriodMs?: number
}

/** Marks auto-generated tokens of service accounts as invalid when nobody has used them for a year, and deletes them after another. The
 *  API server notes their use, and since when it does so; before that was a year ago nothing is done. Follows
 *  pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go: a look once a day, here only while there are such tokens, and what
 *  could not be written is tried again before the next day. Upstream sends no events either. */
export function legacyServiceAccountTokenCleaner({ cleanUpPeriodMs = 365 * dayMs }: LegacyServiceAccountTokenCleanerOptions = {}): ControllerDefinition {
  return defineController({
    name: 'legacy-serviceaccount-token-cleaner-controller',
    noun: 'secrets',
    workers: 1,
    setUp({ client, informers, process }, queue) {
      const { journal } = process
      const secrets = informers.of(secretKind)
      const accounts = informers.of(serviceAccountKind)
      const pods = informers.of(podKind)
      let willLook = false
      secrets.onChange({
        added: ({ type }) => {
          if (willLook || type !== tokenType) return
          willLook = true
          queue.add(everyToken)
        },
      })

      /** Since when every use has been noted; undefined if that cannot be said, which the log tells. */
      const trackedSince = async (): Promise<number | undefined> => {
        const since = await client.get(configMapKind, trackingMap, 'kube-system').then(({ data }) => data?.['since'], (error: unknown) => {
          if (isNotFound(error)) return undefined
          throw error
        })
        const from = since === undefined ? undefined : trackedFrom(since)
        if (from === undefined) journal.error('Getting lastest possible tracked_since time', { err: since === undefined ? 'configMap does not have since label' : `error parsing trackedSince time: ${since}` })
        return from
      }
      const invalidate = async (secret: Secret): Promise<void> => {
        const { name, namespace, uid } = secret.metadata
        const invalidSince = dateOf(process.clock.now())
        journal.info('Mark the auto-generated service account token as invalid', { invalidSince, secret: keyOf(secret) })
        await client.patch(secretKind, name, namespace, 'merge', { metadata: { uid, labels: { [invalidSinceLabel]: invalidSince } } })
      }
      const remove = async (secret: Secret): Promise<void> => {
        const { name, namespace, resourceVersion, creationTimestamp, labels } = secret.metadata
        journal.info('Delete auto-generated service account token', { secret: keyOf(secret), creationTime: creationTimestamp, lastUsed: labels?.[lastUsedLabel] ?? '', invalidSince: labels?.[invalidSinceLabel] })
        await client.delete(secretKind, name, namespace, { preconditions: { resourceVersion: resourceVersion! } })
      }

      return async () => {
        const tokens = secrets.list().filter(({ type }) => type === tokenType)
        willLook = tokens.length > 0
        if (!willLook) return undefined
        const now = process.clock.now()
        const from = await trackedSince()
        if (from === undefined || now < from + cleanUpPeriodMs) return { againAfterMs: dayMs }
        const mounted = new Map<string, Set<string>>()
        const mountedIn = (namespace: string): Set<string> => {
          let names = mounted.get(namespace)
          if (!names) mounted.set(namespace, (names = new Set(pods.list(namespace).flatMap((pod) => [...secretsOf(pod)]))))
          return names
        }
        const failures: unknown[] = []
        for (const secret of tokens) {
          const namespace = secret.metadata.namespace ?? ''
          const account = accounts.get(namespace, secret.metadata.annotations?.[accountNameAnnotation] ?? '')
          const verdict = judge(secret, { account, isMounted: () => mountedIn(namespace).has(secret.metadata.name), now, cleanUpPeriodMs })
          if (verdict === 'unreadable') journal.error('Parsing lastUsed time', { secret: keyOf(secret), lastUsed: secret.metadata.labels?.[lastUsedLabel] })
          if (verdict !== 'invalidate' && verdict !== 'delete') continue
          await (verdict === 'delete' ? remove(secret) : invalidate(secret)).catch((error: unknown) => {
            // Somebody has used or changed it meanwhile, or it is gone: the next look sees what is.
            if (!isConflict(error) && !isNotFound(error)) failures.push(error)
          })
        }
        if (failures.length > 0) throw failures[0]
        return { againAfterMs: dayMs }
      }
    },
  })
}
