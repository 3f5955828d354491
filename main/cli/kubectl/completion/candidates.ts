import type { CommandContext } from '../command.ts'
import { typeName } from '../resources/mapper.ts'
import { requestJson } from '../resources/requests.ts'
import { objectPath } from '../resources/objects.ts'

/** What a shell may do with candidates, as cobra numbers it. */
export const directives = { default: 0, error: 1, noSpace: 2, noFiles: 4, fileEndings: 8 } as const

export interface Completion {
  /** Each with a description after a tab, if it has one. */
  readonly candidates: readonly string[]
  readonly directive: number
}

type Completer = (context: CommandContext, word: string) => Promise<Completion>

const nothing: Completion = { candidates: [], directive: directives.noFiles }

function found(candidates: readonly string[]): Completion {
  return { candidates, directive: directives.noFiles }
}

/** Names of a type's objects; a type that the server does not have has none. */
async function namesOf(context: CommandContext, type: string, word: string): Promise<string[]> {
  const { factory } = context
  const resources = await factory.mapper().byCategory(type)
  const known = resources.length > 0 ? resources : await factory.mapper().byName(type).then((resource) => [resource], () => [])
  const names: string[] = []
  for (const resource of known) {
    const list = await requestJson<{ items?: { metadata: { name: string } }[] }>(context, 'GET', objectPath(resource, resource.namespaced ? factory.namespace() : undefined)).catch(() => ({ items: [] }))
    names.push(...(list.items ?? []).map(({ metadata }) => metadata.name))
  }
  return names.filter((name) => name.startsWith(word))
}

/** Types that can be read, by the names that `api-resources -o name` gives them; after a comma another one. */
async function typesLike(context: CommandContext, word: string): Promise<string[]> {
  const at = word.lastIndexOf(',') + 1
  const resources = [...(await context.factory.mapper().all())].filter(({ verbs }) => verbs.includes('get'))
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const names = resources.sort((a, b) => order(a.group, b.group) || order(a.plural, b.plural)).map(typeName)
  return [...new Set(names)]
    .filter((name) => name.startsWith(word.slice(at)))
    .map((name) => word.slice(0, at) + name)
}

/** `pod/web` for `pod/`. */
async function typedNames(context: CommandContext, word: string): Promise<string[]> {
  const [type = '', name = ''] = word.split('/')
  return (await namesOf(context, type, name)).map((one) => `${type}/${one}`)
}

/** A type, then names of it that were not given yet. */
const typeAndNames =
  (types?: readonly string[], most = Infinity): Completer =>
  async (context, word) => {
    const { args } = context
    if (args.length === 0) {
      if (word.includes('/')) return found(await typedNames(context, word))
      return found(types ? types.filter((type) => type.startsWith(word)) : await typesLike(context, word))
    }
    if (args.length > most) return nothing
    if (args[0]!.includes('/')) return found(word.includes('/') ? (await typedNames(context, word)).filter((name) => !args.includes(name)) : [])
    return found((await namesOf(context, args[0]!, word)).filter((name) => !args.includes(name)))
  }

/** Names of one type. */
const named =
  (type: string, most = 1): Completer =>
  async (context, word) =>
    context.args.length >= most ? nothing : found((await namesOf(context, type, word)).filter((name) => !context.args.includes(name)))

const podOwners = ['daemonsets', 'deployments', 'pods', 'jobs', 'replicasets', 'replicationcontrollers', 'services', 'statefulsets']

/** A pod, or a type with a slash that pods can be found by. */
async function podLike(context: CommandContext, word: string): Promise<Completion> {
  if (word.includes('/')) return found(await typedNames(context, word))
  const pods = await namesOf(context, 'pods', word)
  const owners = podOwners.filter((type) => type.startsWith(word)).map((type) => `${type}/`)
  return { candidates: [...pods, ...owners], directive: owners.length === 1 && pods.length === 0 ? directives.noSpace | directives.noFiles : directives.noFiles }
}

async function podAndContainer(context: CommandContext, word: string): Promise<Completion> {
  const { args, factory } = context
  if (args.length === 0) return podLike(context, word)
  if (args.length > 1) return nothing
  const pod = await requestJson<{ spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] } }>(context, 'GET', `/api/v1/namespaces/${encodeURIComponent(factory.namespace())}/pods/${encodeURIComponent(args[0]!)}`).catch(() => ({ spec: {} }))
  const { containers = [], initContainers = [] } = (pod.spec ?? {}) as { containers?: { name: string }[]; initContainers?: { name: string }[] }
  return found([...initContainers, ...containers].map(({ name }) => name).filter((name) => name.startsWith(word)))
}

const configured =
  (kind: 'contexts' | 'clusters' | 'users'): Completer =>
  async ({ args, factory, flags }, word) =>
    args.length > 0 ? nothing : found((factory.connector.config(flags)[kind] ?? []).map(({ name }) => name).filter((name) => name.startsWith(word)).sort())

const copying: Completer = async (context, word) => {
  const { args } = context
  if (args.length > 1) return nothing
  if (word.includes(':')) return { candidates: [], directive: directives.noSpace }
  if (word.includes('/') || word.startsWith('.')) return { candidates: [], directive: directives.default }
  const namespaces = (await namesOf(context, 'namespaces', word)).map((name) => `${name}/`)
  const pods = (await namesOf(context, 'pods', word)).map((name) => `${name}:`)
  const places = word === '' ? ['./', '/'] : []
  return { candidates: [...namespaces, ...pods, ...places], directive: directives.noSpace }
}

const rollouts = ['deployment', 'daemonset', 'statefulset']
const scaled = ['deployment', 'replicaset', 'replicationcontroller', 'statefulset']

/** What the arguments of a command are, by its path. */
const commands: Readonly<Record<string, Completer>> = {
  ...Object.fromEntries(['get', 'describe', 'delete', 'edit', 'label', 'annotate', 'patch', 'debug'].map((name) => [name, typeAndNames()])),
  ...Object.fromEntries(['status', 'undo', 'history', 'restart'].map((name) => [`rollout ${name}`, typeAndNames(rollouts)])),
  ...Object.fromEntries(['pause', 'resume'].map((name) => [`rollout ${name}`, typeAndNames(['deployment'])])),
  scale: typeAndNames(scaled),
  autoscale: typeAndNames(scaled),
  expose: typeAndNames(['pod', 'service', 'replicationcontroller', 'deployment', 'replicaset']),
  taint: typeAndNames(['node']),
  'set image': typeAndNames(['daemonsets', 'deployments', 'pods', 'cronjobs', 'replicasets', 'replicationcontrollers', 'statefulsets'], 1),
  logs: podAndContainer,
  exec: async (context, word) => (context.args.length > 0 ? nothing : podLike(context, word)),
  attach: async (context, word) => (context.args.length > 0 ? nothing : podLike(context, word)),
  'port-forward': async (context, word) => (context.args.length > 0 ? nothing : podLike(context, word)),
  'top pod': named('pods'),
  'top node': named('nodes'),
  cordon: named('nodes'),
  uncordon: named('nodes'),
  drain: named('nodes'),
  'create token': named('serviceaccounts'),
  cp: copying,
  'config use-context': configured('contexts'),
  'config delete-context': configured('contexts'),
  'config rename-context': configured('contexts'),
  'config set-context': configured('contexts'),
  'config get-contexts': configured('contexts'),
  'config delete-cluster': configured('clusters'),
  'config set-cluster': configured('clusters'),
  'config delete-user': configured('users'),
  completion: async ({ args }, word) => (args.length > 0 ? nothing : found(['fish', 'bash', 'zsh'].filter((name) => name.startsWith(word)))),
}

/** Candidates for an argument of the command. */
export function completeArgument(path: string, context: CommandContext, word: string): Promise<Completion> {
  return commands[path]?.(context, word) ?? Promise.resolve({ candidates: [], directive: directives.default })
}

/** Candidates for the value of a flag. */
export async function completeFlag(name: string, help: string, context: CommandContext, word: string): Promise<Completion> {
  const alone = { ...context, args: [] }
  switch (name) {
    case 'namespace':
      return found(await namesOf(context, 'namespaces', word))
    case 'context':
    case 'cluster':
    case 'user':
      return configured(`${name}s`)(alone, word)
    case 'output': {
      const formats = /One of: \(([^)]*)\)/.exec(help)?.[1]
      if (formats) return found(formats.split(', ').filter((format) => format.startsWith(word)))
      break
    }
    case 'filename':
      return { candidates: ['json', 'yaml', 'yml'], directive: directives.fileEndings }
  }
  return { candidates: [], directive: directives.default }
}
