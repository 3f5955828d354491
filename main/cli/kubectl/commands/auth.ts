import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { objectFormats, objectOutputFlags, objectPrinter } from '../printing/output.ts'
import { reconcileCommand } from './auth-reconcile.ts'
import { TabWriter } from '../printing/tab-writer.ts'
import { requestJson } from '../resources/requests.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'

const canI: Command = {
  name: 'can-i',
  use: 'auth can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]',
  short: 'Check whether an action is allowed',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If true, check the specified action in all namespaces.' },
    { name: 'list', type: 'bool', help: 'If true, prints all allowed actions.' },
    { name: 'no-headers', type: 'bool', help: 'If true, prints allowed actions without headers' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'If true, suppress output and just return the exit code.' },
    { name: 'subresource', type: 'string', help: 'SubResource such as pod/log or deployment/scale' },
  ],
  run: runCanI,
}

const reviewApi = '/apis/authorization.k8s.io/v1'

async function runCanI(context: CommandContext): Promise<number> {
  const { flags, args, streams, factory } = context
  if (flags.bool('list')) {
    if (args.length > 0) throw new CliError('list option must be specified with no arguments')
    return listRules(context)
  }
  if (args.length < 2 && !(args.length === 1 && args[0]!.startsWith('/'))) {
    streams.err(`error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee '${context.path} -h' for help and examples.\n`)
    return 1
  }
  if (args.length > 3) throw usageError(context.path, 'you must specify two or three arguments: verb, resource, and optional resourceName')
  const [verb, what, third] = args as [string, string, string?]
  const namespace = flags.bool('all-namespaces') ? '' : factory.namespace()
  let spec: object
  if (what.startsWith('/')) spec = { nonResourceAttributes: { path: what, verb } }
  else {
    const [type, name = third] = what.split('/') as [string, string?]
    let found = { group: '', plural: type, namespaced: true }
    if (type !== '*') {
      try {
        const resource = await factory.mapper().byName(type)
        found = { group: resource.group, plural: resource.plural, namespaced: resource.namespaced }
        if (!resource.namespaced) streams.err(`Warning: resource '${resource.plural}' is not namespace scoped${resource.group ? ` in group '${resource.group}'` : ''}\n\n`)
      } catch (error) {
        if (!(error instanceof CliError)) throw error
        const [plural, ...group] = type.split('.')
        found = { group: group.join('.'), plural: plural!, namespaced: true }
        streams.err(group.length > 0 ? `Warning: the server doesn't have a resource type '${plural}' in group '${group.join('.')}'\n\n` : `Warning: the server doesn't have a resource type '${type}'\n\n`)
      }
    }
    spec = { resourceAttributes: { namespace, verb, group: found.group, resource: found.plural, subresource: flags.text('subresource'), name: name ?? '' } }
  }
  const answer = await requestJson<{ status: { allowed?: boolean; reason?: string; evaluationError?: string } }>(context, 'POST', `${reviewApi}/selfsubjectaccessreviews`, {}, { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec })
  const { allowed, reason, evaluationError } = answer.status
  if (!flags.bool('quiet')) {
    const because = allowed ? '' : `${reason ? ` - ${reason}` : ''}${evaluationError ? ` - ${evaluationError}` : ''}`
    streams.out(`${allowed ? 'yes' : 'no'}${because}\n`)
  }
  return allowed ? 0 : 1
}

interface Rule {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

async function listRules(context: CommandContext): Promise<number> {
  const { flags, streams, factory } = context
  const answer = await requestJson<{ status: { resourceRules?: readonly Rule[]; nonResourceRules?: readonly Rule[]; incomplete?: boolean; evaluationError?: string } }>(context, 'POST', `${reviewApi}/selfsubjectrulesreviews`, {}, {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    spec: { namespace: factory.namespace() },
  })
  const { status } = answer
  if (status.incomplete && status.evaluationError) streams.err(`warning: the list may be incomplete: ${status.evaluationError}\n`)
  const rows: string[][] = []
  const text = (words: readonly string[] | undefined): string => `[${(words ?? []).join(' ')}]`
  for (const rule of compact(status.resourceRules ?? [])) {
    const group = rule.apiGroups?.[0] ?? ''
    const resource = rule.resources?.[0] ?? ''
    rows.push([group === '' ? resource : `${resource}.${group}`, text([]), text(rule.resourceNames), text(rule.verbs)])
  }
  const urls = (status.nonResourceRules ?? []).flatMap((rule) => (rule.nonResourceURLs ?? []).map((url) => ['', text([url]), text([]), text(rule.verbs)]))
  rows.push(...urls.sort((a, b) => (a[1]! < b[1]! ? -1 : a[1]! > b[1]! ? 1 : 0)))
  const writer = new TabWriter()
  if (!flags.bool('no-headers')) writer.row(['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'])
  for (const row of rows) writer.row(row)
  streams.out(writer.flush())
  return 0
}

/** One rule for each resource; verbs of equal ones are put together, and rules are ordered as upstream orders them. */
function compact(rules: readonly Rule[]): Rule[] {
  const single = rules.flatMap((rule) => (rule.apiGroups ?? []).flatMap((group) => (rule.resources ?? []).map((resource) => ({ ...rule, apiGroups: [group], resources: [resource] }))))
  const merged = new Map<string, Rule & { verbs: string[] }>()
  for (const rule of single) {
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames ?? []])
    const known = merged.get(key)
    if (known) known.verbs.push(...(rule.verbs ?? []))
    else merged.set(key, { ...rule, verbs: [...(rule.verbs ?? [])] })
  }
  const textOf = (rule: Rule): string => JSON.stringify(rule)
  return [...merged.values()].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
}


const whoami: Command = {
  name: 'whoami',
  use: 'auth whoami [options]',
  short: 'Experimental: Check self subject attributes',
  flags: objectOutputFlags,
  async run(context) {
    const { streams, args } = context
    if (args.length > 0) throw new CliError(`unknown command ${JSON.stringify(args[0])} for "${context.path}"`)
    const print = objectPrinter(context, objectFormats)
    const answer = await requestJson<KubeObject & { status: { userInfo: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> } } }>(context, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, status: { userInfo: {} } })
    if (print) {
      const { inStructOrder } = await import('../typed.ts')
      return streams.out(print(inStructOrder(answer)))
    }
    const { username, uid, groups, extra } = answer.status.userInfo
    const writer = new TabWriter()
    writer.row(['ATTRIBUTE', 'VALUE'])
    if (username) writer.row(['Username', username])
    if (uid) writer.row(['UID', uid])
    if (groups && groups.length > 0) writer.row(['Groups', `[${groups.join(' ')}]`])
    for (const key of Object.keys(extra ?? {}).sort()) writer.row([`Extra: ${key}`, `[${extra![key]!.join(' ')}]`])
    streams.out(writer.flush())
  },
}

/** `kubectl auth`. */
export const authCommand: Command = {
  name: 'auth',
  use: 'auth [flags] [options]',
  short: 'Inspect authorization',
  long: 'Inspect authorization.',
  subcommands: [canI, reconcileCommand, whoami],
}
