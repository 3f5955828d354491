import type { Kind, Subresource } from '../../../api/kinds/kind.ts'
import { encodeOpenApiV2 } from '../../../api/machinery/codec/openapi-v2-protobuf.ts'
import { canonicalJson, fnv32a } from '../../../api/machinery/hash.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { loadDescriptions } from '../../../api/machinery/openapi/descriptions.ts'
import { openApiV2, openApiV3, openApiV3Index } from '../../../api/machinery/openapi/document.ts'
import type { OpenApiKind, OpenApiSubresource } from '../../../api/machinery/openapi/kind.ts'
import type { Aggregation } from '../aggregation/aggregation.ts'
import type { ApiRequest } from '../handlers/request.ts'
import { versionInfo } from '../health/version.ts'
import { parseAccept } from '../negotiation/accept.ts'
import type { Resources } from '../registry/resources.ts'
import { nameOf } from '../router.ts'

const encoder = new TextEncoder()
/** What clients ask for. The first is no media type by the letter, so that answers are never called so. */
const v2ProtobufAccepted: readonly string[] = ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf']
const v2Protobuf = v2ProtobufAccepted[1]!
const v3Protobuf = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'
const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'io.k8s.api.autoscaling.v1.Scale' }

/** `/openapi/v2` and `/openapi/v3`. Documents are made when first asked for (descriptions are loaded then, too) and kept until a
 *  kind comes or goes. Their hashes come from the declarations, so that the index costs no document. */
export class OpenApi {
  readonly #resources: Resources
  readonly #made = new Map<string, Promise<Uint8Array>>()
  readonly #aggregation: Aggregation | undefined
  #index: Readonly<Record<string, string>> | undefined

  constructor(resources: Resources, aggregation?: Aggregation) {
    this.#resources = resources
    this.#aggregation = aggregation
    resources.onChange(() => {
      this.#made.clear()
      this.#index = undefined
    })
  }

  /** Answers an OpenAPI path; false for any other. */
  serve(request: ApiRequest): false | Promise<void> {
    const { path } = request.info
    if (path === '/openapi/v2') return this.#serveV2(request)
    if (path === '/openapi/v3' || path === '/openapi/v3/') {
      this.#answer(request, encoder.encode(`${JSON.stringify(openApiV3Index({ ...this.#hashes(), ...this.#aggregation?.discovery.openApiHashes() }))}\n`), 'application/json', '')
      return Promise.resolve()
    }
    const groupVersion = path.startsWith('/openapi/v3/') ? path.slice('/openapi/v3/'.length) : undefined
    const passed = groupVersion === undefined ? undefined : this.#aggregation?.openApi(request, groupVersion)
    if (passed) return passed
    if (groupVersion === undefined || this.#hashes()[groupVersion] === undefined) return false
    return this.#serveV3(request, groupVersion)
  }

  async #serveV2(request: ApiRequest): Promise<void> {
    const protobuf = prefers(request, v2ProtobufAccepted)
    const tag = fnv32a(canonicalJson(this.#hashes())).toString(16).toUpperCase()
    if (this.#unchanged(request, tag)) return
    const body = await this.#document(request, protobuf ? 'v2 protobuf' : 'v2', async () => {
      const document = openApiV2(this.#kinds(() => true), versionInfo.gitVersion, await loadDescriptions())
      return protobuf ? encodeOpenApiV2(document) : encoder.encode(JSON.stringify(document))
    })
    this.#answer(request, body, protobuf ? v2Protobuf : 'application/json', tag)
  }

  async #serveV3(request: ApiRequest, groupVersion: string): Promise<void> {
    const hash = this.#hashes()[groupVersion]!
    if (this.#unchanged(request, hash)) return
    const body = await this.#document(request, groupVersion, async () => encoder.encode(JSON.stringify(openApiV3(this.#kinds((kind) => pathOf(kind) === groupVersion), versionInfo.gitVersion, await loadDescriptions()))))
    const immutable = request.info.query.get('hash') === hash ? { 'cache-control': 'public, immutable', expires: 'Thu, 31 Dec 2099 23:59:59 GMT' } : undefined
    this.#answer(request, body, 'application/json', hash, immutable)
  }

  /** Loading is the one thing that happens outside the simulation: time stands still until it is done. */
  async #document(request: ApiRequest, key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const { kernel } = request.context.process
    let made = this.#made.get(key)
    if (!made) {
      made = make()
      this.#made.set(key, made)
    }
    kernel.hold(made)
    const cause = kernel.trace.current
    const body = await made
    kernel.trace.current = cause
    return body
  }

  #unchanged(request: ApiRequest, tag: string): boolean {
    if (request.exchange.request.headers['if-none-match'] !== `"${tag}"`) return false
    request.respond({ status: 304, headers: { etag: `"${tag}"`, 'cache-control': 'no-cache, private' } })
    return true
  }

  #answer(request: ApiRequest, body: Uint8Array, contentType: string, tag: string, more: Readonly<Record<string, string>> = {}): void {
    request.respond({ status: 200, headers: { 'cache-control': 'no-cache, private', vary: 'Accept-Encoding, Accept', 'content-type': contentType, ...(tag === '' ? {} : { etag: `"${tag}"` }), ...more }, body })
  }

  #hashes(): Readonly<Record<string, string>> {
    if (this.#index) return this.#index
    const facts = new Map<string, OpenApiKind[]>()
    for (const { kind } of this.#resources.all()) {
      const path = pathOf(kind)
      const known = facts.get(path)
      if (known) known.push(describe(kind))
      else facts.set(path, [describe(kind)])
    }
    const hashOf = (kinds: readonly OpenApiKind[]): string => {
      const text = `${versionInfo.gitVersion} ${canonicalJson(kinds)}`
      return [0, 1, 2, 3].map((salt) => fnv32a(`${salt}${text}`).toString(16).padStart(8, '0')).join('').toUpperCase()
    }
    return (this.#index = Object.fromEntries([...facts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, kinds]) => [path, hashOf(kinds)])))
  }

  #kinds(wanted: (kind: Kind) => boolean): OpenApiKind[] {
    return [...this.#resources.all()].map(({ kind }) => kind).filter(wanted).map(describe)
  }
}

/** `api/v1` or `apis/<group>/<version>`. */
function pathOf(kind: Kind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`
}

function describe(kind: Kind): OpenApiKind {
  const { group, version, plural, namespaced, verbs, schema } = kind
  return { group, version, kind: kind.kind, plural, namespaced, verbs, schema, ...(kind.custom ? { structural: kind.custom.structural } : {}), subresources: kind.subresources.map(describeSubresource) }
}

function describeSubresource(subresource: Subresource<KubeObject>): OpenApiSubresource {
  if (subresource.type === 'named') return { name: subresource.name, verbs: subresource.verbs, ...(subresource.body ? { body: subresource.body } : {}) }
  return { name: nameOf(subresource), verbs: ['get', 'update', 'patch'], ...(subresource.type === 'scale' ? { body: scale } : {}) }
}

/** Whether the client asks for the binary form before JSON. The binary form of v3 is not made: clients take JSON. */
function prefers(request: ApiRequest, mediaTypes: readonly string[]): boolean {
  for (const { type, subtype } of parseAccept(request.exchange.request.headers['accept'] ?? '')) {
    const wanted = `${type}/${subtype}`
    if (mediaTypes.includes(wanted)) return true
    if (wanted === 'application/json' || wanted === '*/*' || wanted === v3Protobuf) return false
  }
  return false
}

