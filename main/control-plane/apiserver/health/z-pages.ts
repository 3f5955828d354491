/** `/statusz` and `/flagz`: what the server is and how it was started, as text for people or, when asked for by name, as objects. */
import { notAcceptable } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { ApiRequest } from '../handlers/request.ts'
import { parseAccept } from '../negotiation/accept.ts'
import { respondText } from './health.ts'
import { versionInfo } from './version.ts'

const component = 'kube-apiserver'
const warning = 'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.'
const group = 'config.k8s.io'
const versions = ['v1beta1', 'v1alpha1']
const statusPaths = ['/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Answers `/statusz`. Throws 406 for a form that it has not. */
export function serveStatusz(request: ApiRequest, process: Process): void {
  const seconds = Math.floor((process.clock.now() - process.startedAt) / 1000)
  const version = versionInfo.gitVersion.slice(1)
  const emulation = `${versionInfo.emulationMajor}.${versionInfo.emulationMinor}`
  const apiVersion = wantedVersion(request, 'Statusz')
  if (apiVersion) {
    return respondJson(request, { kind: 'Statusz', apiVersion, metadata: { name: component }, startTime: formatTime(process.startedAt), uptimeSeconds: seconds, goVersion: versionInfo.goVersion, binaryVersion: version, emulationVersion: emulation, paths: statusPaths })
  }
  const up = `${Math.floor(seconds / 3600)} hr ${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} min ${String(seconds % 60).padStart(2, '0')} sec`
  respondText(request, 200, `\n${component} statusz\n${warning}\n\nStarted: ${unixDate(process.startedAt)}\nUp: ${up}\nGo version: ${versionInfo.goVersion}\nBinary version: ${version}\nEmulation version: ${emulation}\nPaths: ${statusPaths.join(' ')}\n`)
}

/** Answers `/flagz`. Throws 406 for a form that it has not. */
export function serveFlagz(request: ApiRequest, flags: readonly string[]): void {
  const values = new Map<string, string>()
  for (const flag of flags) {
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(flag)
    if (match) values.set(match[1]!, match[2] ?? 'true')
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1))
  const apiVersion = wantedVersion(request, 'Flagz')
  if (apiVersion) return respondJson(request, { kind: 'Flagz', apiVersion, metadata: { name: component }, flags: Object.fromEntries(sorted) })
  respondText(request, 200, `\n${component} flagz\n${warning}\n\n${sorted.map(([name, value]) => `${name}=${value}\n`).join('')}`)
}

/** The version of the object that the client asks for; undefined when it takes text. */
function wantedVersion({ exchange }: ApiRequest, kind: string): string | undefined {
  const accept = exchange.request.headers['accept'] ?? ''
  if (accept === '') return undefined
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if (type === 'application' && subtype === 'json' && parameters['as'] === kind && parameters['g'] === group && versions.includes(parameters['v'] ?? '')) return `${group}/${parameters['v']!}`
    if ((type === 'text' || type === '*') && (subtype === 'plain' || subtype === '*')) return undefined
  }
  throw notAcceptable(['text/plain', ...versions.map((version) => `application/json;g=${group};v=${version};as=${kind}`)])
}

function respondJson(request: ApiRequest, object: object): void {
  respondText(request, 200, `${JSON.stringify(object)}\n`, 'application/json')
}

/** As `date` prints it: `Wed Oct 16 21:03:43 UTC 2024`. */
function unixDate(ms: number): string {
  const [year, month, day] = formatTime(ms).slice(0, 10).split('-').map(Number) as [number, number, number]
  const weekday = days[(Math.floor(ms / 86_400_000) + 4) % 7]!
  return `${weekday} ${months[month - 1]!} ${String(day).padStart(2, ' ')} ${formatTime(ms).slice(11, 19)} UTC ${year}`
}
