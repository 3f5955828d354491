import type { Container, Pod, Secret } from '../../api/generated/types.ts'
import { formatDuration } from '../../api/machinery/time.ts'
import type { Process } from '../../kernel/machine.ts'
import { CriError, type ContainerRuntime } from '../cri.ts'
import { BackOff } from './back-off.ts'
import { registryCredentials } from './registry-credentials.ts'
import type { KubeletEvents } from './events.ts'
import { parseImageName, withDefaultTag } from './image-name.ts'
import { StartError } from './start-error.ts'

/** Makes sure that images are there before containers start, with upstream's events, errors and back-off (10 s … 5 min).
 *  Pulls run one at a time, as serializeImagePulls has it by default. */
export class ImagePuller {
  readonly #process: Process
  readonly #runtime: ContainerRuntime
  readonly #events: KubeletEvents
  readonly #backOff = new BackOff(10_000, 300_000)
  readonly #previousErrors = new Map<string, string>()
  #turn: Promise<unknown> = idle

  constructor(process: Process, runtime: ContainerRuntime, events: KubeletEvents) {
    this.#process = process
    this.#runtime = runtime
    this.#events = events
  }

  /** Answers what the runtime calls the image. Throws StartError (ErrImagePull, ImagePullBackOff …). */
  async ensure(pod: Pod, container: Container, secrets: readonly Secret[]): Promise<string> {
    const asked = container.image ?? ''
    const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => this.#events.container(pod, container, type, reason, message)
    const name = parseImageName(asked)
    if (typeof name === 'string') {
      const message = `Failed to apply default image tag ${JSON.stringify(asked)}: couldn't parse image name ${JSON.stringify(asked)}: ${name}`
      say('Warning', 'InspectFailed', message)
      throw new StartError('InvalidImageName', message)
    }
    const image = withDefaultTag(asked, name)
    const present = await this.#runtime.imageStatus(image).catch((error: unknown) => {
      const message = `Failed to inspect image ${JSON.stringify(asked)}: ${rpcText(error)}`
      say('Warning', 'InspectFailed', message)
      throw new StartError('ImageInspectError', message)
    })
    const policy = container.imagePullPolicy ?? 'IfNotPresent'
    if (policy === 'Never' && !present) {
      const message = `Container image ${JSON.stringify(asked)} is not present with pull policy of Never`
      say('Warning', 'ErrImageNeverPull', message)
      throw new StartError('ErrImageNeverPull', message)
    }
    if (present && policy !== 'Always') {
      say('Normal', 'Pulled', `Container image ${JSON.stringify(asked)} already present on machine and can be accessed by the pod`)
      return present.id
    }
    return this.#pull(pod, asked, image, secrets, say)
  }

  /** Forgets the failures of a pod that is gone. */
  forget(podUid: string): void {
    this.#backOff.forget(`${podUid}_`)
    for (const key of this.#previousErrors.keys()) if (key.startsWith(`${podUid}_`)) this.#previousErrors.delete(key)
  }

  async #pull(pod: Pod, asked: string, image: string, secrets: readonly Secret[], say: (type: 'Normal' | 'Warning', reason: string, message: string) => void): Promise<string> {
    const { clock } = this.#process
    const key = `${pod.metadata.uid}_${image}`
    const until = this.#backOff.waitsUntilSinceUpdate(key, clock.now())
    if (until !== undefined) {
      const message = `Back-off pulling image ${JSON.stringify(asked)}`
      say('Normal', 'BackOff', message)
      const previous = this.#previousErrors.get(key)
      throw new StartError('ImagePullBackOff', previous === undefined ? message : `${message}: ${previous}`, until)
    }
    this.#previousErrors.delete(key)
    say('Normal', 'Pulling', `Pulling image ${JSON.stringify(asked)}`)
    const askedAt = clock.now()
    const span = this.#process.span('pull image', { image })
    try {
      const pulled = await this.#inTurn(async () => {
        const startedAt = clock.now()
        const id = await this.#pullWithCredentials(image, secrets)
        return { id, tookMs: clock.now() - startedAt }
      })
      const took = formatDuration(Math.trunc(pulled.tookMs))
      const whole = formatDuration(Math.trunc(clock.now() - askedAt))
      const size = (await this.#runtime.imageStatus(image))?.sizeBytes ?? 0
      say('Normal', 'Pulled', `Successfully pulled image ${JSON.stringify(asked)} in ${took} (${whole} including waiting). Image size: ${size} bytes.`)
      return pulled.id
    } catch (error) {
      const text = rpcText(error)
      say('Warning', 'Failed', `Failed to pull image ${JSON.stringify(asked)}: ${text}`)
      this.#backOff.next(key, clock.now(), clock.now())
      this.#previousErrors.set(key, `ErrImagePull: ${text}`)
      throw new StartError('ErrImagePull', text, clock.now() + this.#backOff.delayMs(key))
    } finally {
      this.#process.endSpan(span)
    }
  }

  async #pullWithCredentials(image: string, secrets: readonly Secret[]): Promise<string> {
    const credentials = registryCredentials(image, secrets)
    if (credentials.length === 0) return this.#runtime.pullImage(image)
    let failure: unknown
    for (const credential of credentials) {
      try {
        return await this.#runtime.pullImage(image, credential)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { clock } = this.#process
    const before = this.#turn
    // The next in line wakes in an event of its own, under its own cause.
    const mine = new Promise<void>((resolve) => void before.then(() => clock.after(0, resolve), () => clock.after(0, resolve)))
    const result = (before === idle ? Promise.resolve() : mine).then(work)
    const settled = result.then(
      () => {
        if (this.#turn === settled) this.#turn = idle
      },
      () => {
        if (this.#turn === settled) this.#turn = idle
      },
    )
    this.#turn = settled
    return result
  }
}

const idle: Promise<unknown> = Promise.resolve()

/** The text of a failed CRI call as gRPC prints it. */
export function rpcText(error: unknown): string {
  if (error instanceof CriError) return error.message.startsWith('rpc error:') ? error.message : `rpc error: code = ${error.code} desc = ${error.message}`
  return error instanceof Error ? error.message : String(error)
}
