import { InformerSet } from '../../../api/client/informer.ts'
import type { ApiClient } from '../../../api/client/contract.ts'
import { serveHttp, type ServerExchange } from '../../../kernel/http.ts'
import type { Connection } from '../../../kernel/network.ts'
import type { DaemonHost } from '../daemon-host.ts'
import { informedRecords } from './cluster-records.ts'
import type { DnsFrame, DnsQuestion, DnsRecord, DnsReply } from './message.ts'
import { answerFromCluster } from './records.ts'

export interface ClusterDnsOptions {
  readonly client: ApiClient
  readonly clusterDomain: string
  /** Asked for names outside the cluster; absent: the outside world knows none of them. */
  readonly forward?: (question: DnsQuestion) => Promise<DnsReply>
}

export interface ClusterDns {
  /** Counts since the start. */
  readonly statistics: { readonly questions: number; readonly byStatus: Readonly<Record<string, number>> }
  ready(): boolean
}

/** How long the server thinks about an answer, ms. */
const answerMs = 0.15

/** The cluster's name server, as CoreDNS with kubeadm's Corefile: answers :53 over UDP and TCP from Services, EndpointSlices and
 *  Namespaces, forwards the rest, and serves /health :8080, /ready :8181 and /metrics :9153. */
export function serveClusterDns(host: DaemonHost, options: ClusterDnsOptions): ClusterDns {
  const informers = new InformerSet(host, options.client)
  const records = informedRecords(informers)
  informers.start()
  const byStatus: Record<string, number> = {}
  const statistics = { questions: 0, byStatus }

  const answer = async (question: DnsQuestion): Promise<DnsReply> => {
    statistics.questions++
    const known = records.synced() ? answerFromCluster(question, options.clusterDomain, records) : undefined
    let reply: DnsReply
    if (known) reply = shuffled(await withAliasTargets(known, question), host)
    else if (!records.synced() && inZone(question.name, options.clusterDomain)) reply = { status: 'SERVFAIL', answers: [] }
    else reply = options.forward ? await options.forward(question) : { status: 'NXDOMAIN', answers: [] }
    byStatus[reply.status] = (byStatus[reply.status] ?? 0) + 1
    return reply
  }
  /** Addresses behind an alias come with it. */
  const withAliasTargets = async (found: DnsReply, question: DnsQuestion): Promise<DnsReply> => {
    const alias = found.answers.find((record) => record.type === 'CNAME')
    if (!alias || question.type === 'CNAME') return found
    const target = { name: alias.data, type: question.type }
    const next = answerFromCluster(target, options.clusterDomain, records) ?? (await options.forward?.(target))
    return next ? { ...found, answers: [...found.answers, ...next.answers] } : found
  }
  const accept = (connection: Connection): void => {
    connection.onMessage((message) => {
      const { question } = message.body as DnsFrame
      host.clock.after(answerMs, () => {
        void answer(question).then((reply) => connection.send({ kind: 'dns', label: `${reply.status} ${question.name}`, bytes: 64 + 16 * reply.answers.length, body: reply }))
      })
    })
  }
  host.scope.onClose(host.stack.listen(53, accept, 'udp'))
  host.scope.onClose(host.stack.listen(53, accept, 'tcp'))

  const plain = (status: number, text: string): Parameters<ServerExchange['respond']>[0] => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode(text) })
  serveHttp(host.stack, 8080, (exchange) => exchange.respond(exchange.request.path === '/health' ? plain(200, 'OK') : plain(404, '404 page not found\n')), { scope: host.scope })
  serveHttp(host.stack, 8181, (exchange) => exchange.respond(exchange.request.path !== '/ready' ? plain(404, '404 page not found\n') : records.synced() ? plain(200, 'OK') : plain(503, 'kubernetes')), { scope: host.scope })
  serveHttp(host.stack, 9153, (exchange) => exchange.respond(exchange.request.path === '/metrics' ? plain(200, metrics(statistics)) : plain(404, '404 page not found\n')), { scope: host.scope })
  return { statistics, ready: () => records.synced() }
}

function inZone(name: string, zone: string): boolean {
  const lower = name.toLowerCase().replace(/\.$/, '')
  return lower === zone || lower.endsWith(`.${zone}`)
}

/** The loadbalance plug-in: addresses come in a random order. */
function shuffled(reply: DnsReply, host: DaemonHost): DnsReply {
  if (reply.answers.length < 2) return reply
  const answers: DnsRecord[] = [...reply.answers]
  for (let index = answers.length - 1; index > 0; index--) {
    const other = host.random.below(index + 1)
    const swap = answers[index]!
    answers[index] = answers[other]!
    answers[other] = swap
  }
  return { ...reply, answers }
}

function metrics(statistics: { readonly questions: number; readonly byStatus: Readonly<Record<string, number>> }): string {
  const lines = ['# HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.', '# TYPE coredns_dns_requests_total counter', `coredns_dns_requests_total ${statistics.questions}`, '# HELP coredns_dns_responses_total Counter of response status codes.', '# TYPE coredns_dns_responses_total counter']
  for (const status of Object.keys(statistics.byStatus).sort()) lines.push(`coredns_dns_responses_total{rcode="${status}"} ${statistics.byStatus[status]}`)
  return `${lines.join('\n')}\n`
}
