import { defineController } from '../../../api/client/controller.ts'
import type { Secret } from '../../../api/generated/types.ts'
import { decodeBase64 } from '../../../api/kinds/core/base64.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { parseTime } from '../../../api/machinery/time.ts'

const namespace = 'kube-system'

/** Deletes bootstrap tokens when they expire; one whose expiration cannot be read has expired. Follows
 *  pkg/controller/bootstrap/tokencleaner. */
export const tokenCleanerController = defineController({
  name: 'token-cleaner-controller',
  noun: 'secret',
  workers: 1,
  setUp({ client, informers, process }, queue) {
    const secrets = informers.of(secretKind)
    const leftMs = ({ data }: Secret): number | undefined => {
      const text = decodeBase64(data?.['expiration'] ?? '')
      return text === '' ? undefined : Math.max(0, (parseTime(text) ?? 0) - process.clock.now())
    }
    const seen = (secret: Secret): void => {
      if (secret.type !== 'bootstrap.kubernetes.io/token' || secret.metadata.namespace !== namespace) return
      const left = leftMs(secret)
      if (left !== undefined) queue.addAfter(secret.metadata.name, left)
    }
    secrets.onChange({ added: seen, updated: seen })
    return async (name) => {
      const secret = secrets.get(namespace, name)
      const left = secret && leftMs(secret)
      if (!secret || left === undefined) return undefined
      if (left > 0) return { againAfterMs: left }
      const { uid, resourceVersion } = secret.metadata
      try {
        await client.delete(secretKind, name, namespace, { preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) } })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      return undefined
    }
  },
})
