import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

interface Rule {
  readonly host: string
  readonly path: string
  readonly pathType: 'Exact' | 'Prefix'
  readonly backend: object
  /** Undefined: none asked for; empty: the controller's default certificate. */
  readonly secretName: string | undefined
}

/** `kubectl create ingress`: a rule is `host/path=service:port[,tls[=secret]]`, and `*` at its end makes it a prefix. */
export const createIngressCommand: Command = {
  name: 'ingress',
  aliases: ['ing'],
  use: 'create ingress NAME --rule=host/path=service:port[,tls[=secret]]  [options]',
  short: 'Create an ingress with the specified name',
  flags: [
    ...createFlags,
    { name: 'annotation', type: 'array', help: 'An annotation of the ingress, key=value.' },
    { name: 'class', type: 'string', help: 'The ingress class that is to serve it.' },
    { name: 'default-backend', type: 'string', help: 'Where to send what fits no rule, service:port.' },
    { name: 'rule', type: 'array', help: "One rule, host/path=service:port[,tls=secret]. A path that ends in '*' is a prefix." },
  ],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    const texts = flags.list('rule')
    const fallback = flags.text('default-backend')
    if (texts.length === 0 && fallback === '') throw new CliError('not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)')
    for (const text of texts) if (!rulePattern.test(text)) throw new CliError(`rule ${text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`)
    const annotations: Record<string, string> = {}
    for (const text of flags.list('annotation')) {
      const at = text.indexOf('=')
      if (at < 1) throw new CliError(`annotation ${text} is invalid and should be in format key=[value]`)
      annotations[text.slice(0, at)] = text.slice(at + 1)
    }
    if (fallback !== '' && fallback.split(':').length !== 2) throw new CliError('default-backend should be in format servicename:serviceport')
    const rules = texts.map(parseRule)
    const tls = tlsOf(rules)
    const spec = {
      ...(flags.text('class') ? { ingressClassName: flags.text('class') } : {}),
      ...(fallback === '' ? {} : { defaultBackend: backendOf(fallback) }),
      ...(tls.length > 0 ? { tls } : {}),
      ...(rules.length > 0 ? { rules: byHost(rules) } : {}),
    }
    const metadata = { name, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) }
    await createMade(context, { object: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec, status: { loadBalancer: {} } } as never, namespaced: true, failure: 'failed to create ingress' })
  },
}

const rulePattern = /^(?<host>[\w*\-.]*)(?<path>\/[^=]*)=(?<service>[A-Za-z0-9-]+):(?<port>[A-Za-z0-9-]+)(?:,(?<tls>tls)(?:=(?<secret>[\w-]+))?)?/

function parseRule(text: string): Rule {
  const { host = '', path = '', service = '', port = '', tls, secret = '' } = rulePattern.exec(text)!.groups!
  const prefix = path.endsWith('*')
  return { host, path: prefix ? path.slice(0, -1) : path, pathType: prefix ? 'Prefix' : 'Exact', backend: backendOf(`${service}:${port}`), secretName: tls ? secret : undefined }
}

function backendOf(text: string): object {
  const [name, port] = text.split(':') as [string, string]
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } }
}

function byHost(rules: readonly Rule[]): object[] {
  const hosts = [...new Set(rules.map(({ host }) => host))]
  return hosts.map((host) => ({
    ...(host === '' ? {} : { host }),
    http: { paths: rules.filter((rule) => rule.host === host).map(({ path, pathType, backend }) => ({ path, pathType, backend })) },
  }))
}

/** One certificate for each secret; a host keeps the first one that is named for it. */
function tlsOf(rules: readonly Rule[]): object[] {
  const entries: { hosts: string[]; secretName: string }[] = []
  const done = new Set<string>()
  for (const { host, secretName } of rules) {
    if (secretName === undefined || done.has(host)) continue
    done.add(host)
    const known = entries.find((entry) => entry.secretName === secretName)
    if (known) {
      if (host !== '') known.hosts.push(host)
    } else entries.push({ hosts: host === '' ? [] : [host], secretName })
  }
  return entries.map(({ hosts, secretName }) => ({ ...(hosts.length > 0 ? { hosts } : {}), ...(secretName ? { secretName } : {}) }))
}
