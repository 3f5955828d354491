import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** A floor: files under `path` may import what `may` names (prefixes of repository paths), and npm packages only as listed. */
export interface Floor {
  readonly path: string
  readonly may: readonly string[]
  /** npm packages (or `node:` modules) that may be imported; '*' = any. */
  readonly packages: readonly string[]
  /** What to do instead, shown with every violation. */
  readonly instead: string
}

const contracts = ['main/control-plane/etcd/client.ts', 'main/node/cri.ts', 'main/node/cni.ts', 'main/node/csi.ts', 'main/node/machine-usage.ts', 'main/node/kubelet/streams.ts']
const ground = ['main/kernel', 'main/api/machinery', 'main/api/generated']
const api = [...ground, 'main/api/kinds', 'main/api/client', 'main/api/cel']
/** etcd's API as messages: what etcd serves at its edge and etcdctl calls. */
const etcdApi = 'main/api/etcd'

/** First match wins: put the narrower path first. `*.node.ts` files may also use `node:` modules and any package. */
export const floors: readonly Floor[] = [
  { path: 'main/kernel', may: ['main/kernel'], packages: [], instead: 'the kernel is the ground: move what needs more to the floor that has it' },
  { path: 'main/api/machinery', may: ground, packages: ['yaml'], instead: 'machinery knows no kind: pass the fact in, or put it on the kind declaration' },
  { path: 'main/api/cel', may: [...ground, 'main/api/cel'], packages: ['re2js'], instead: 'CEL is a language over plain values: what an expression may see is passed in' },
  { path: 'main/api/generated', may: ground, packages: [], instead: 'generated code imports nothing: change main/api/generate' },
  { path: 'main/api/generate', may: [], packages: ['*'], instead: 'the generator reads packages as data' },
  { path: 'main/api/kinds', may: [...ground, 'main/api/kinds', 'main/api/cel'], packages: [], instead: 'a kind is data and pure functions: behaviour that needs a client belongs to a controller or the API server' },
  { path: 'main/api/client', may: api, packages: [], instead: 'the client knows the API only: what a component does with it stands in that component' },
  { path: etcdApi, may: [etcdApi], packages: [], instead: 'the messages of etcd are data and a codec' },
  { path: 'main/control-plane/etcd', may: ['main/kernel', 'main/control-plane/etcd', etcdApi], packages: ['@grpc/grpc-js'], instead: 'etcd knows keys and bytes, not Kubernetes' },
  { path: 'main/control-plane/apiserver', may: [...api, 'main/control-plane/apiserver', ...contracts], packages: [], instead: 'the API server meets others through etcd/client.ts and over the network' },
  { path: 'main/control-plane/scheduler', may: [...api, 'main/control-plane/scheduler'], packages: [], instead: 'components meet at the API server: read what you need through an informer' },
  { path: 'main/control-plane/controllers', may: [...api, 'main/control-plane/controllers'], packages: [], instead: 'components meet at the API server: read what you need through an informer' },
  { path: 'main/control-plane/cloud/cluster-autoscaler', may: [...api, 'main/control-plane/cloud', 'main/control-plane/scheduler/framework', 'main/control-plane/scheduler/plugins', 'main/control-plane/scheduler/cache'], packages: [], instead: 'the autoscaler asks the scheduler\'s filters, which are pure, and nothing else of it' },
  { path: 'main/control-plane/cloud', may: [...api, 'main/control-plane/cloud'], packages: [], instead: 'components meet at the API server' },
  { path: 'main/node/kubelet', may: [...api, 'main/node/kubelet', ...contracts], packages: [], instead: 'the kubelet reaches the runtime through main/node/cri.ts' },
  { path: 'main/node/runtime', may: [...api, 'main/node/runtime', 'resources/images', ...contracts], packages: ['unbash'], instead: 'the runtime reaches the network through main/node/cni.ts' },
  { path: 'main/node/proxy', may: [...api, 'main/node/proxy', 'main/node/network'], packages: [], instead: 'kube-proxy reads Services and EndpointSlices through informers' },
  { path: 'main/node/network', may: [...api, 'main/node/network', ...contracts], packages: [], instead: 'the network knows addresses and packets: pass in what it should know of pods' },
  { path: 'main/node/host', may: [...api, 'main/node/host', 'main/node/systemd', 'main/node/runtime', 'main/node/proxy', 'main/node/network', ...contracts], packages: [], instead: 'what a login on a machine sees: pass in what the composition root knows' },
  { path: 'main/node', may: [...ground, ...contracts, 'main/node/systemd'], packages: [], instead: 'contract files import the ground only' },
  { path: 'main/cluster', may: ['main/kernel', 'main/api', 'main/control-plane', 'main/node', 'main/cluster', 'preload/contract', 'resources'], packages: ['node:*', 'yaml'], instead: 'the composition root knows components, not shells: the lab calls it, not the other way round' },
  { path: 'main/cli', may: [...api, 'main/cli', etcdApi], packages: ['*'], instead: 'commands are programs of their own: they know the API and nothing of the cluster behind it' },
  { path: 'main/lab', may: ['main/kernel', 'main/api', 'main/cluster', 'main/lab', 'preload/contract', 'resources'], packages: ['*'], instead: 'the lab talks to a cluster through main/cluster, and to a window through preload/contract' },
  { path: 'main/desktop', may: ['main/lab', 'main/desktop', 'preload/contract'], packages: ['electron', 'node:*'], instead: 'the shell is thin: what both shells need stands in main/lab' },
  { path: 'main/server', may: ['main/lab', 'main/server', 'main/cli', 'preload/contract'], packages: ['*'], instead: 'the shell is thin: what both shells need stands in main/lab' },
  { path: 'preload/contract', may: ['preload/contract', 'main/api/machinery', 'main/api/kinds'], packages: [], instead: 'the contract is types and pure functions' },
  { path: 'preload', may: ['preload'], packages: ['electron'], instead: 'the preload carries the contract and nothing else' },
  { path: 'renderer', may: ['renderer', 'preload/contract', 'main/api/kinds', 'main/api/machinery', 'main/api/generated'], packages: ['*'], instead: 'the window is a client: ask the lab over preload/contract' },
]

export interface Violation {
  readonly file: string
  readonly line: number
  readonly imported: string
  readonly instead: string
}

/** Controllers and commands are neighbours that must not know each other; what they share stands in controllers/framework. */
const apartment = 'main/control-plane/controllers'

export function listSources(root: string, folders: readonly string[]): string[] {
  const files: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === 'out') continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (/\.(ts|mts|vue|mjs)$/.test(entry.name)) files.push(path)
    }
  }
  for (const folder of folders) if (existsSync(join(root, folder))) walk(join(root, folder))
  return files.map((file) => relative(root, file).split(sep).join('/')).sort()
}

/** Every import of `text` with its line. */
export function importsOf(text: string): { line: number; imported: string }[] {
  const found: { line: number; imported: string }[] = []
  const pattern = /(?:^|\n)\s*(?:import|export)\s[^'"\n]*?(?:\{[^}]*\}[^'"\n]*?)?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g
  for (const match of text.matchAll(pattern)) {
    found.push({ line: text.slice(0, match.index + match[0].length).split('\n').length, imported: (match[1] ?? match[2] ?? match[3])! })
  }
  return found
}

/** What the floors forbid in one file. */
export function violationsIn(file: string, text: string): Violation[] {
  const floor = floors.find((candidate) => file.startsWith(`${candidate.path}/`))
  if (!floor) return []
  const violations: Violation[] = []
  const isTest = /\.test\.ts$/.test(file) || file.includes('/testing/')
  const isNode = /\.node\.ts$/.test(file)
  for (const { line, imported } of importsOf(text)) {
    const bare = imported.replace(/\?.*$/, '')
    if (bare.startsWith('.')) {
      const target = relative('/', resolve('/', dirname(file), bare)).split(sep).join('/')
      const allowed = floor.may.some((path) => target === path || target.startsWith(`${path}/`))
      if (!allowed && !(isTest && target.startsWith('main/')) && !(isNode && target.startsWith('main/kernel'))) violations.push({ file, line, imported, instead: floor.instead })
      else if (crossesApartment(file, target) && !isTest) violations.push({ file, line, imported, instead: 'controllers never import their neighbours: move what both need to controllers/framework' })
      continue
    }
    if (isTest || isNode || floor.packages.includes('*')) continue
    const ok = floor.packages.some((name) => (name.endsWith('*') ? bare.startsWith(name.slice(0, -1)) : bare === name || bare.startsWith(`${name}/`)))
    if (!ok) violations.push({ file, line, imported, instead: floor.instead })
  }
  return violations
}

function crossesApartment(file: string, target: string): boolean {
  if (!file.startsWith(`${apartment}/`) || !target.startsWith(`${apartment}/`)) return false
  const room = (path: string): string => path.slice(apartment.length + 1).split('/')[0]!
  const from = room(file)
  const to = room(target)
  const isRoom = (path: string): boolean => path.slice(apartment.length + 1).includes('/')
  return isRoom(file) && isRoom(target) && from !== to && to !== 'framework'
}

/** Names that let time, chance or I/O in behind the kernel's back, each with what to use. */
export const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bDate\.now\(/, instead: 'process.clock.now(): virtual time' },
  { pattern: /\bnew Date\(\)/, instead: 'new Date(process.clock.now())' },
  { pattern: /\bMath\.random\(/, instead: 'process.random: a seeded stream' },
  { pattern: /\b(setTimeout|setInterval|setImmediate)\(/, instead: 'process.clock.after / every' },
  { pattern: /\bperformance\.now\(/, instead: 'process.clock.now()' },
  { pattern: /\bcrypto\.(randomUUID|getRandomValues)\(/, instead: 'process.random.uuid()' },
]

const pureFolders = ['main/kernel/', 'main/api/machinery/', 'main/api/kinds/', 'main/api/cel/', 'main/api/client/', 'main/control-plane/', 'main/node/']

export function bannedNamesIn(file: string, text: string): Violation[] {
  if (!pureFolders.some((folder) => file.startsWith(folder)) || /\.(node|test)\.ts$/.test(file) || file.includes('/testing/')) return []
  const violations: Violation[] = []
  text.split('\n').forEach((content, index) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(content)) return
    for (const { pattern, instead } of banned) if (pattern.test(content)) violations.push({ file, line: index + 1, imported: content.trim().slice(0, 60), instead })
  })
  return violations
}

export function checkFloors(root: string): Violation[] {
  return listSources(root, ['main', 'preload', 'renderer']).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...violationsIn(file, text), ...bannedNamesIn(file, text)]
  })
}
