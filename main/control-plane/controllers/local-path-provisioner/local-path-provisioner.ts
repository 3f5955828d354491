import type { ApiClient } from '../../../api/client/contract.ts'
import { runController } from '../../../api/client/controller.ts'
import { eventRecorder } from '../../../api/client/event-recorder.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import type { Process, Program } from '../../../kernel/machine.ts'
import { localPathController } from './local-path-controller.ts'

export interface LocalPathProvisionerOptions {
  /** As the pod's service account. */
  readonly client: ApiClient
  /** POD_NAMESPACE. */
  readonly namespace: string
  readonly podName: string
  readonly helperImage: string
}

/** The process of the local-path-provisioner's pod: one controller of its own, beside those of the controller manager. */
export function localPathProvisioner(options: LocalPathProvisionerOptions): (process: Process) => Program {
  return (process) => {
    const { client } = options
    const definition = localPathController({ namespace: options.namespace, helperImage: options.helperImage, identity: `${options.podName}_${process.random.uuid()}` })
    const informers = new InformerSet(process, client)
    const controller = runController(definition, { process, client, informers, events: eventRecorder(process, client, definition.eventSource!) })
    process.journal.info('Provisioner started', { provisioner: definition.eventSource })
    informers.start()
    void informers.whenSynced().then(() => {
      if (!process.scope.closed) controller.start()
    })
    return {}
  }
}
