import { formatYaml } from '../../api/machinery/codec/yaml-format.ts'
import { CriError, type ContainerStatus, type ImageStatus, type PodSandboxStatus } from '../cri.ts'
import { criLogLine } from '../runtime/container-log.ts'
import type { ProcessContext, Program } from '../runtime/programs/program.ts'
import { RuntimeClient } from '../runtime/runtime-client.ts'
import { ago, decimalSize, inspectedContainer, inspectedSandbox, listedContainer, listedSandbox, sandboxState, shortId, table } from './crictl-text.ts'
import type { Host } from './host.ts'
import { bridgeInput, withoutCarriageReturns } from './process-bridge.ts'

const endpoint = 'unix:///run/containerd/containerd.sock'

interface Words {
  readonly flags: ReadonlyMap<string, string>
  readonly labels: readonly (readonly [string, string])[]
  readonly operands: readonly string[]
}

/** What a command works with. */
interface Crictl {
  readonly host: Host
  readonly context: ProcessContext
  readonly client: RuntimeClient
  readonly words: Words
  print(text: string): Promise<void>
}

interface Command {
  readonly names: readonly string[]
  /** Flags that take a value, by all their names, separated by `|`. */
  readonly values?: string
  readonly booleans?: string
  readonly operands?: number
  readonly run: (crictl: Crictl) => Promise<number>
}

/** A refusal in crictl's own words. */
class Fatal extends Error {}

/** `crictl` of cri-tools against the machine's runtime. Not modelled: create, run, runp, update, checkpoint, port-forward, events. */
export function crictl(host: Host): Program {
  return async (context) => {
    let words = context.argv.slice(1)
    while (words[0]?.startsWith('-')) {
      const [flag] = words
      if (flag === '--version' || flag === '-v') {
        await context.stdout.write('crictl version v1.36.0\n')
        return 0
      }
      if (flag === '--help' || flag === '-h') break
      words = words.slice(/^(-r|--runtime-endpoint|-i|--image-endpoint|-t|--timeout|-c|--config)$/.test(flag!) ? 2 : 1)
    }
    const [name, ...rest] = words
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      await context.stdout.write(helpText())
      return 0
    }
    const command = commands.find((each) => each.names.includes(name))
    if (!command) {
      await context.stderr.write(`No help topic for '${name}'\n`)
      return 3
    }
    const process = host.facts.machine.start(`crictl-${context.pid}`, () => ({}))
    context.scope.onClose(() => process.crash())
    try {
      const parsed = readWords(command, rest)
      if (parsed.operands.length < (command.operands ?? 0)) throw new Fatal(command.names[0] === 'pull' ? 'image name cannot be empty' : 'ID cannot be empty')
      const client = new RuntimeClient(process)
      try {
        await client.version()
      } catch (error) {
        throw new Fatal(`validate service connection: validate CRI v1 runtime API for endpoint "${endpoint}": ${rpcText(error)}`)
      }
      return await command.run({ host, context, client, words: parsed, print: (text) => context.stdout.write(text) })
    } catch (error) {
      if (!(error instanceof Fatal)) throw error
      const message = error.message
      const terminal = context.descriptors[2]?.terminal
      await context.stderr.write(terminal ? `\x1b[31mFATA\x1b[0m[0000] ${message} \n` : `time="${new Date(context.clock.now()).toISOString().slice(0, 19)}Z" level=fatal msg=${JSON.stringify(message)}\n`)
      return 1
    }
  }
}

/** A failed call as gRPC's status prints. */
function rpcText(error: unknown): string {
  if (!(error instanceof CriError)) throw error
  return `rpc error: code = ${error.code} desc = ${error.message}`
}

async function must<T>(doing: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw new Fatal(`${doing}: ${rpcText(error)}`)
  }
}

function readWords(command: Command, words: readonly string[]): Words {
  const find = (list: string | undefined, flag: string): string | undefined => list?.split(' ').find((names) => names.split('|').includes(flag))?.split('|')[0]
  const flags = new Map<string, string>()
  const labels: (readonly [string, string])[] = []
  const operands: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === '--' || (operands.length > 0 && command.names[0] === 'exec')) {
      operands.push(...words.slice(word === '--' ? at + 1 : at))
      break
    }
    if (!/^-./.test(word)) {
      operands.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const names = word.startsWith('--') ? [word.slice(2, equals < 0 ? undefined : equals)] : find(command.values, word.slice(1)) !== undefined ? [word.slice(1)] : [...word.slice(1, equals < 0 ? undefined : equals)]
    for (const name of names) {
      const valued = find(command.values, name)
      if (valued !== undefined) {
        const value = equals < 0 ? words[++at] : word.slice(equals + 1)
        if (value === undefined) throw new Fatal(`flag needs an argument: ${word}`)
        flags.set(valued, value)
        if (valued === 'label') labels.push([value.split('=')[0]!, value.split('=').slice(1).join('=')])
        continue
      }
      const known = find(command.booleans, name)
      if (known === undefined) throw new Fatal(`flag provided but not defined: -${name}`)
      if (equals < 0 || word.slice(equals + 1) !== 'false') flags.set(known, 'true')
    }
  }
  return { flags, labels, operands }
}

/** Prints as JSON or YAML when that is asked for; answers whether it was. */
async function structured({ words, print }: Crictl, value: () => object, otherwise?: 'json'): Promise<boolean> {
  const output = words.flags.get('output') ?? otherwise ?? 'table'
  if (output === 'json') await print(`${JSON.stringify(value(), null, 2)}\n`)
  else if (output === 'yaml') await print(formatYaml(value()))
  else if (output === 'go-template') throw new Fatal('go-template is not supported here: use -o json')
  else if (output === 'table' && otherwise === undefined) return false
  else throw new Fatal(output === 'table' ? 'table format is not supported' : `unsupported output format: ${output}`)
  return true
}

function matches(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || new RegExp(pattern).test(text)
}

async function oneContainer(crictl: Crictl, id: string, doing: string): Promise<ContainerStatus> {
  const found = (await must('listing containers', crictl.client.listContainers())).filter((each) => each.id.startsWith(id))
  if (found.length === 1) return found[0]!
  throw new Fatal(`${doing} "${id}": rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found`)
}

async function oneSandbox(crictl: Crictl, id: string, doing: string): Promise<PodSandboxStatus> {
  const found = (await must('listing pod sandboxes', crictl.client.listPodSandboxes())).filter((each) => each.id.startsWith(id))
  if (found.length === 1) return found[0]!
  throw new Fatal(`${doing} "${id}": rpc error: code = NotFound desc = an error occurred when try to find sandbox: not found`)
}

const newestFirst = (a: { readonly createdAt: number }, b: { readonly createdAt: number }): number => b.createdAt - a.createdAt

const titleCase = (text: string): string => text[0]!.toUpperCase() + text.slice(1)

async function ps(crictl: Crictl): Promise<number> {
  const { client, words, context, print } = crictl
  const { flags } = words
  const sandboxes = new Map((await must('listing pod sandboxes', client.listPodSandboxes())).map((each) => [each.id, each]))
  const state = flags.get('state')?.toLowerCase()
  let shown = [...(await must('listing containers', client.listContainers()))].sort(newestFirst).filter(
    (each) =>
      (state !== undefined ? each.state === state : flags.has('all') || flags.has('last') || flags.has('latest') || each.state === 'running') &&
      (!flags.has('id') || each.id.startsWith(flags.get('id')!)) &&
      matches(flags.get('name'), each.config.name) &&
      (!flags.has('pod') || each.sandboxId.startsWith(flags.get('pod')!)) &&
      matches(flags.get('namespace'), each.config.labels['io.kubernetes.pod.namespace'] ?? '') &&
      (!flags.has('image') || each.config.imageId.includes(flags.get('image')!) || each.config.image.includes(flags.get('image')!)) &&
      words.labels.every(([key, value]) => each.config.labels[key] === value),
  )
  if (flags.has('latest')) shown = shown.slice(0, 1)
  if (flags.has('last')) shown = shown.slice(0, Number(flags.get('last')))
  if (flags.has('quiet')) await print(shown.map((each) => `${each.id}\n`).join(''))
  else if (!(await structured(crictl, () => ({ containers: shown.map(listedContainer) })))) {
    const id = (text: string): string => (flags.has('no-trunc') ? text : shortId(text))
    const rows = shown.map((each) => {
      const sandbox = sandboxes.get(each.sandboxId)?.config
      return [id(each.id), id(each.config.imageId || each.config.image), ago(context.clock.now() - each.createdAt), titleCase(each.state), each.config.name, String(each.config.attempt), id(each.sandboxId), sandbox?.name ?? 'unknown', sandbox?.namespace ?? 'unknown']
    })
    await print(table([['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'], ...rows]))
  }
  return 0
}

async function pods(crictl: Crictl): Promise<number> {
  const { client, words, context, print } = crictl
  const { flags } = words
  let shown = [...(await must('listing pod sandboxes', client.listPodSandboxes()))].sort(newestFirst).filter(
    (each) =>
      (!flags.has('state') || each.state === flags.get('state')!.toLowerCase()) &&
      (!flags.has('id') || each.id.startsWith(flags.get('id')!)) &&
      matches(flags.get('name'), each.config.name) &&
      matches(flags.get('namespace'), each.config.namespace) &&
      words.labels.every(([key, value]) => each.config.labels[key] === value),
  )
  if (flags.has('latest')) shown = shown.slice(0, 1)
  if (flags.has('last')) shown = shown.slice(0, Number(flags.get('last')))
  if (flags.has('quiet')) await print(shown.map((each) => `${each.id}\n`).join(''))
  else if (!(await structured(crictl, () => ({ items: shown.map(listedSandbox) })))) {
    const rows = shown.map((each) => [flags.has('no-trunc') ? each.id : shortId(each.id), ago(context.clock.now() - each.createdAt), sandboxState(each) === 'SANDBOX_READY' ? 'Ready' : 'NotReady', each.config.name, each.config.namespace, String(each.config.attempt), each.config.runtimeHandler || '(default)'])
    await print(table([['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'], ...rows]))
  }
  return 0
}

async function images(crictl: Crictl): Promise<number> {
  const { client, words, print } = crictl
  const { flags, operands } = words
  const all = [...(await must('listing images', client.listImages()))].sort((a, b) => (a.repoTags[0] ?? a.id).localeCompare(b.repoTags[0] ?? b.id))
  const shown = operands[0] === undefined ? all : all.filter((each) => each.repoTags.some((tag) => tag === operands[0] || tag.startsWith(`${operands[0]}:`) || tag.endsWith(`/${operands[0]}`) || tag.includes(`/${operands[0]}:`)))
  if (flags.has('quiet')) await print(shown.map((each) => `${each.id}\n`).join(''))
  else if (!(await structured(crictl, () => ({ images: shown.map(listedImage) })))) {
    const rows = shown.flatMap((each) =>
      (each.repoTags.length > 0 ? each.repoTags : [`${each.repoDigests[0]?.split('@')[0] ?? '<none>'}:<none>`]).map((tag) => {
        const colon = tag.lastIndexOf(':')
        const digest = each.repoDigests.find((one) => one.startsWith(`${tag.slice(0, colon)}@`))?.split('@')[1] ?? '<none>'
        return [tag.slice(0, colon), tag.slice(colon + 1), ...(flags.has('digests') ? [shortId(digest)] : []), flags.has('no-trunc') ? each.id : shortId(each.id), decimalSize(each.sizeBytes)]
      }),
    )
    await print(table([['IMAGE', 'TAG', ...(flags.has('digests') ? ['DIGEST'] : []), 'IMAGE ID', 'SIZE'], ...rows]))
  }
  return 0
}

function listedImage(image: ImageStatus): object {
  return { id: image.id, pinned: image.repoTags.some((tag) => tag.includes('/pause:')), repoDigests: image.repoDigests, repoTags: image.repoTags, size: String(image.sizeBytes), spec: null, uid: null, username: '' }
}

async function inspect(crictl: Crictl): Promise<number> {
  for (const id of crictl.words.operands) {
    const status = await oneContainer(crictl, id, 'getting the status of the container')
    const container = crictl.host.state.containers.get(status.id)
    await structured(crictl, () => inspectedContainer(status, container ? crictl.host.processes.pidOf(container) : 0), 'json')
  }
  return 0
}

async function inspectp(crictl: Crictl): Promise<number> {
  for (const id of crictl.words.operands) {
    const status = await oneSandbox(crictl, id, 'getting the status of the pod sandbox')
    await structured(crictl, () => inspectedSandbox(status), 'json')
  }
  return 0
}

async function inspecti(crictl: Crictl): Promise<number> {
  for (const name of crictl.words.operands) {
    const status = await must(`image status request for ${JSON.stringify(name)}`, crictl.client.imageStatus(name))
    if (!status) throw new Fatal(`no such image ${JSON.stringify(name)} present`)
    await structured(crictl, () => ({ status: listedImage(status), info: {} }), 'json')
  }
  return 0
}

async function logs(crictl: Crictl): Promise<number> {
  const { client, words, context } = crictl
  const status = await oneContainer(crictl, words.operands[0]!, 'getting the status of the container')
  const container = crictl.host.state.containers.get(status.id)
  const path = container?.log.path ?? status.config.logPath
  const shown = (line: ReturnType<RuntimeClient['readLog']>[number]): string => {
    const text = new TextDecoder().decode(line.bytes)
    return words.flags.has('timestamps') ? `${criLogLine(line).split(' ')[0]} ${text}\n` : line.partial ? text : `${text}\n`
  }
  const since = words.flags.get('since')
  const from = since === undefined ? -Infinity : /^\d+(\.\d+)?[smh]$/.test(since) ? context.clock.now() - parseFloat(since) * { s: 1_000, m: 60_000, h: 3_600_000 }[since.at(-1) as 's']! : Date.parse(since)
  const lines = client.readLog(path).filter((line) => line.time >= from)
  const tail = Number(words.flags.get('tail') ?? -1)
  const write = (line: (typeof lines)[number]): Promise<void> => context.write(line.stream === 'stderr' ? 2 : 1, shown(line))
  for (const line of tail < 0 ? lines : tail === 0 ? [] : lines.slice(-tail)) await write(line)
  if (!words.flags.has('follow')) return 0
  return new Promise((resolve) => {
    client.followLog(path, (line) => void write(line))
    if (status.state !== 'running') resolve(0)
    else container?.onExit.push(() => context.clock.after(100, () => resolve(0)))
  })
}

async function exec(crictl: Crictl): Promise<number> {
  const { client, words, context } = crictl
  const [id, ...command] = words.operands
  if (command.length === 0) throw new Fatal('command cannot be empty')
  const status = await oneContainer(crictl, id!, 'execing command in container')
  if (words.flags.has('sync')) {
    const result = await must('execing command in container', client.execSync(status.id, command, Number(words.flags.get('timeout') ?? 0) * 1_000))
    await context.stdout.write(result.stdout)
    await context.stderr.write(result.stderr)
    return result.exitCode
  }
  const terminal = words.flags.has('tty') ? context.terminal : undefined
  const stdin = words.flags.has('interactive')
  const session = await must('execing command in container', client.exec(status.id, command, { stdin, tty: words.flags.has('tty') }))
  if (terminal) session.resize(terminal.columns, terminal.rows)
  const exitCode = await new Promise<number>((resolve) => {
    session.onStdout((bytes) => void context.write(1, terminal ? withoutCarriageReturns(bytes) : bytes))
    session.onStderr((bytes) => void context.write(2, bytes))
    session.onExit((code) => context.clock.after(0, () => resolve(code)))
    if (stdin) bridgeInput(context, terminal, { input: (bytes) => session.writeStdin(bytes), endInput: () => session.closeStdin(), resize: (columns, rows) => session.resize(columns, rows), close: () => session.close() })
  })
  if (terminal) terminal.raw = false
  if (exitCode !== 0) throw new Fatal(`execing command in container: command terminated with exit code ${exitCode}`)
  return 0
}

async function stats(crictl: Crictl): Promise<number> {
  const { client, words, print } = crictl
  const usage = new Map((await must('listing container stats', client.usage())).map((each) => [each.id, each]))
  const shown = (await must('listing containers', client.listContainers())).filter((each) => usage.has(each.id) && (words.operands[0] === undefined || each.id.startsWith(words.operands[0])))
  const disk = 40_960
  const json = (): object => ({
    stats: shown.map((each) => {
      const one = usage.get(each.id)!
      return { attributes: { id: each.id, metadata: { name: each.config.name, attempt: each.config.attempt }, labels: each.config.labels }, cpu: { usageCoreNanoSeconds: { value: String(one.cpuNanoSeconds) }, usageNanoCores: { value: String(one.cpuNanoCores) } }, memory: { workingSetBytes: { value: String(one.memoryWorkingSetBytes) } }, writableLayer: { usedBytes: { value: String(disk) }, inodesUsed: { value: '15' } } }
    }),
  })
  if (await structured(crictl, json)) return 0
  const rows = shown.map((each) => {
    const one = usage.get(each.id)!
    return [shortId(each.id), each.config.name, (one.cpuNanoCores / 1e7).toFixed(2), decimalSize(one.memoryWorkingSetBytes), decimalSize(disk), '15', '0B']
  })
  await print(table([['CONTAINER', 'NAME', 'CPU %', 'MEM', 'DISK', 'INODES', 'SWAP'], ...rows]))
  return 0
}

async function pull(crictl: Crictl): Promise<number> {
  const image = crictl.words.operands[0]!
  const [username, password] = (crictl.words.flags.get('creds') ?? '').split(':')
  try {
    const reference = await crictl.client.pullImage(image, username ? { username, password: password ?? '' } : undefined)
    await crictl.print(`Image is up to date for ${reference}\n`)
    return 0
  } catch (error) {
    throw new Fatal(`pulling image: ${rpcText(error)}`)
  }
}

async function rmi(crictl: Crictl): Promise<number> {
  const { client, words, print } = crictl
  const all = await must('listing images', client.listImages())
  const used = new Set((await must('listing containers', client.listContainers())).map((each) => each.config.imageId))
  const names = words.flags.has('all') ? all.map((each) => each.id) : words.flags.has('prune') ? all.filter((each) => !used.has(each.id) && !each.repoTags.some((tag) => tag.includes('/pause:'))).map((each) => each.id) : words.operands
  if (names.length === 0 && !words.flags.has('prune')) throw new Fatal('Image name cannot be empty')
  let failed = false
  for (const name of names) {
    const status = await must(`image status request for ${JSON.stringify(name)}`, client.imageStatus(name))
    if (!status) {
      await crictl.context.stderr.write(`E no such image ${name}\n`)
      failed = true
      continue
    }
    await must(`error of removing image ${JSON.stringify(name)}`, client.removeImage(status.id))
    await print(status.repoTags.map((tag) => `Deleted: ${tag}\n`).join('') || `Deleted: ${status.id}\n`)
  }
  if (failed) throw new Fatal('unable to remove the image(s)')
  return 0
}

async function stop(crictl: Crictl): Promise<number> {
  for (const id of crictl.words.operands) {
    const status = await oneContainer(crictl, id, 'stopping the container')
    await must(`stopping the container "${id}"`, crictl.client.stopContainer(status.id, Number(crictl.words.flags.get('timeout') ?? 0)))
    await crictl.print(`${id}\n`)
  }
  return 0
}

async function rm(crictl: Crictl): Promise<number> {
  const { flags, operands } = crictl.words
  const ids = flags.has('all') ? (await must('listing containers', crictl.client.listContainers())).filter((each) => flags.has('force') || each.state !== 'running').map((each) => each.id) : operands
  if (ids.length === 0 && !flags.has('all')) throw new Fatal('ID cannot be empty')
  for (const id of ids) {
    const status = await oneContainer(crictl, id, 'removing the container')
    if (status.state === 'running' && !flags.has('force')) throw new Fatal(`container "${id}" is running, please stop it first`)
    await must(`removing the container "${id}"`, crictl.client.removeContainer(status.id))
    await crictl.print(`${id}\n`)
  }
  return 0
}

async function stopp(crictl: Crictl): Promise<number> {
  for (const id of crictl.words.operands) {
    const status = await oneSandbox(crictl, id, 'stopping the pod sandbox')
    await must(`stopping the pod sandbox "${id}"`, crictl.client.stopPodSandbox(status.id))
    await crictl.print(`Stopped sandbox ${id}\n`)
  }
  return 0
}

async function rmp(crictl: Crictl): Promise<number> {
  const { flags, operands } = crictl.words
  const ids = flags.has('all') ? (await must('listing pod sandboxes', crictl.client.listPodSandboxes())).map((each) => each.id) : operands
  for (const id of ids) {
    const status = await oneSandbox(crictl, id, 'removing the pod sandbox')
    if (status.state === 'ready' && !flags.has('force')) throw new Fatal(`sandbox "${id}" is running, please stop it first`)
    await must(`removing the pod sandbox "${id}"`, crictl.client.removePodSandbox(status.id))
    await crictl.print(`Removed sandbox ${id}\n`)
  }
  return 0
}

async function version({ client, print }: Crictl): Promise<number> {
  const found = await must('getting the runtime version', client.version())
  await print(`Version:  0.1.0\nRuntimeName:  ${found.runtimeName}\nRuntimeVersion:  ${found.runtimeVersion}\nRuntimeApiVersion:  ${found.runtimeApiVersion}\n`)
  return 0
}

async function info(crictl: Crictl): Promise<number> {
  const status = await must('getting status of runtime', crictl.client.status())
  const condition = (type: string, holds: boolean): object => ({ message: holds ? '' : status.message, reason: holds ? '' : `${type.replace('Ready', '')}PluginNotReady`, status: holds, type })
  await structured(
    crictl,
    () => ({
      cniconfig: { PluginConfDir: '/etc/cni/net.d', PluginDirs: ['/opt/cni/bin'], PluginMaxConfNum: 1, Prefix: 'eth' },
      config: { containerdEndpoint: '/run/containerd/containerd.sock', containerdRootDir: '/var/lib/containerd', rootDir: '/var/lib/containerd/io.containerd.grpc.v1.cri', stateDir: '/run/containerd/io.containerd.grpc.v1.cri', sandboxImage: 'registry.k8s.io/pause:3.10.1' },
      golang: 'go1.25.3',
      status: { conditions: [condition('RuntimeReady', status.runtimeReady), condition('NetworkReady', status.networkReady)] },
    }),
    'json',
  )
  return 0
}

const listFlags = 'all|a quiet|q no-trunc latest|l resolve-image-path|r verbose|v'
const commands: readonly Command[] = [
  { names: ['exec'], values: 'timeout ignore', booleans: 'interactive|i tty|t sync|s quiet|q', operands: 1, run: exec },
  { names: ['images', 'image', 'img'], values: 'output|o', booleans: 'quiet|q digests no-trunc verbose|v', run: images },
  { names: ['info'], values: 'output|o', booleans: 'quiet|q', run: info },
  { names: ['inspect'], values: 'output|o template', booleans: 'quiet|q', operands: 1, run: inspect },
  { names: ['inspecti'], values: 'output|o template', booleans: 'quiet|q', operands: 1, run: inspecti },
  { names: ['inspectp'], values: 'output|o template', booleans: 'quiet|q', operands: 1, run: inspectp },
  { names: ['logs'], values: 'tail since limit-bytes', booleans: 'follow|f timestamps|t previous|p', operands: 1, run: logs },
  { names: ['pods'], values: 'output|o name state|s namespace label id last|n', booleans: listFlags, run: pods },
  { names: ['ps'], values: 'output|o name state|s namespace pod|p image label id last|n', booleans: listFlags, run: ps },
  { names: ['pull'], values: 'creds auth', operands: 1, run: pull },
  { names: ['rm'], booleans: 'all|a force|f keep-logs|k', run: rm },
  { names: ['rmi'], booleans: 'all|a prune|q', run: rmi },
  { names: ['rmp'], booleans: 'all|a force|f', run: rmp },
  { names: ['stats'], values: 'output|o', booleans: 'all|a watch|w', run: stats },
  { names: ['stop'], values: 'timeout|t', operands: 1, run: stop },
  { names: ['stopp'], operands: 1, run: stopp },
  { names: ['version'], run: version },
]

function helpText(): string {
  return `NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options]\n\nVERSION:\n   v1.36.0\n\nCOMMANDS:\n${commands.map(({ names }) => `   ${names.join(', ')}\n`).join('')}`
}
