import type { Container, Pod, PodSpec } from '../../main/api/generated/types.ts'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { secretKind } from '../../main/api/kinds/core/secret.ts'
import { bootedLab } from '../simulation/simulated-lab.ts'
import type { SimulatedLab } from '../simulation/simulated-lab.ts'

/** A pod that runs once, and what has to become of it. */
export interface PodCase {
  readonly script?: string
  /** What differs from a busybox container that runs `script`. */
  readonly container?: Partial<Container>
  readonly spec?: Partial<PodSpec>
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> }
  /** All that it prints, without the last newline. */
  readonly output?: string | RegExp
  readonly phase?: 'Succeeded' | 'Failed'
}

/** A cluster under the virtual clock in which pods are tried. */
export interface PodLab {
  readonly lab: SimulatedLab
  create(name: string, given: PodCase): Promise<void>
  get(name: string): Promise<Pod>
  /** What its only container printed so far. */
  log(name: string, container?: string): Promise<string>
  /** Waits until one of its lines is `line`. */
  printed(name: string, line: string): Promise<void>
  /** Waits until it has ended. */
  ended(name: string): Promise<Pod>
  running(name: string): Promise<Pod>
  configMap(name: string, data: Readonly<Record<string, string>>, binaryData?: Readonly<Record<string, string>>): Promise<void>
  secret(name: string, stringData: Readonly<Record<string, string>>): Promise<void>
}

export async function startPodLab(): Promise<PodLab> {
  const lab = await bootedLab({ workers: 2 })
  const get = (name: string): Promise<Pod> => lab.settle(lab.client.get(podKind, name, 'default'))
  const reached = async (name: string, condition: (pod: Pod) => boolean): Promise<Pod> => {
    let pod = await get(name)
    await lab.until(async () => condition((pod = await lab.client.get(podKind, name, 'default'))), 180_000, `${name}: ${pod.status?.phase}`)
    return pod
  }
  const write = async (body: Promise<unknown>): Promise<void> => {
    await lab.settle(body)
  }
  const readLog = async (name: string, container: string): Promise<string> => {
    const { body } = await lab.client.raw('GET', `/api/v1/namespaces/default/pods/${name}/log?container=${container}`)
    return (body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body)).replace(/\n$/, '')
  }
  return {
    lab,
    get,
    async create(name, { script, container, spec, metadata }) {
      const main: Container = { name: 'main', image: 'busybox:1.36', ...(script === undefined ? {} : { command: ['sh', '-c', script] }), ...container }
      const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ...metadata }, spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [main], ...spec } }
      await lab.settle(lab.client.create(podKind, body as Pod))
    },
    log: (name, container = 'main') => lab.settle(readLog(name, container)),
    printed: (name, line) => lab.until(async () => (await readLog(name, 'main')).split('\n').includes(line), 200_000, `${line} from ${name}`),
    ended: (name) => reached(name, ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed'),
    running: (name) => reached(name, ({ status }) => status?.phase === 'Running' && status.containerStatuses?.every(({ state }) => state?.running !== undefined) === true),
    configMap: (name, data, binaryData) => write(lab.client.create(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { ...data }, ...(binaryData ? { binaryData: { ...binaryData } } : {}) })),
    secret: (name, stringData) => write(lab.client.create(secretKind, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, stringData: { ...stringData } })),
  }
}
