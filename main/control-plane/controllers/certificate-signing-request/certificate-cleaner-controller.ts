import { defineController } from '../../../api/client/controller.ts'
import type { CertificateSigningRequest } from '../../../api/generated/types.ts'
import { certificateSigningRequestKind } from '../../../api/kinds/certificates/certificate-signing-request.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'
import { certificateEnd } from './certificate.ts'
import { cleanedAt } from './signers.ts'

/** Deletes certificate requests an hour after they were decided, a day after they were made when nobody decides, and when their certificate has
 *  expired. Follows pkg/controller/certificates/cleaner, with a timer for each in place of a look at all every hour. */
export const certificateCleanerController = defineController({
  name: 'certificatesigningrequest-cleaner-controller',
  noun: 'certificatesigningrequest',
  workers: 1,
  setUp({ client, informers, process }, queue) {
    const requests = informers.of(certificateSigningRequestKind)
    const leftMs = (csr: CertificateSigningRequest): number | undefined => {
      const { certificate } = csr.status ?? {}
      const at = cleanedAt(csr, timeOr0, certificate ? certificateEnd(atob(certificate)) : undefined)
      return at === undefined ? undefined : Math.max(0, at - process.clock.now())
    }
    const schedule = (csr: CertificateSigningRequest): void => {
      const left = leftMs(csr)
      if (left !== undefined) queue.addAfter(csr.metadata.name, left)
    }
    requests.onChange({ added: schedule, updated: schedule })
    return async (name) => {
      const csr = requests.get(undefined, name)
      const left = csr && leftMs(csr)
      if (!csr || left === undefined) return undefined
      if (left > 0) return { againAfterMs: left }
      await client.delete(certificateSigningRequestKind, name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
      return undefined
    }
  },
})
