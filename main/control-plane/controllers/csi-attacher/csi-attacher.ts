import type { ApiClient } from '../../../api/client/contract.ts'
import { runController } from '../../../api/client/controller.ts'
import { eventRecorder } from '../../../api/client/event-recorder.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import type { Process, Program } from '../../../kernel/machine.ts'
import { csiAttacherController, type CsiAttachDriver } from './csi-attacher-controller.ts'

export interface CsiAttacherOptions {
  /** As the driver's service account: reads CSI nodes, patches volumes, attachments and their status. */
  readonly client: ApiClient
  readonly driver: CsiAttachDriver
}

/** The process of the external-attacher beside a CSI driver's controller. */
export function csiAttacher({ client, driver }: CsiAttacherOptions): (process: Process) => Program {
  return (process) => {
    const definition = csiAttacherController(driver)
    const informers = new InformerSet(process, client)
    const controller = runController(definition, { process, client, informers, events: eventRecorder(process, client, definition.eventSource!) })
    process.journal.info('CSI driver name', { driver: driver.name })
    informers.start()
    void informers.whenSynced().then(() => {
      if (!process.scope.closed) controller.start()
    })
    return {}
  }
}
