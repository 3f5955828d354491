import { notAcceptable } from '../../../api/machinery/status-error.ts'
import type { Query } from '../request-info/query.ts'
import { clauseTakes, parseAccept } from './accept.ts'

/** How bytes are made of an answer; `reference` hands the object over as it is. */
export type Encoding = 'reference' | 'json' | 'yaml' | 'protobuf'

export interface Transform {
  readonly as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  readonly version: 'v1' | 'v1beta1'
}

/** The form of one answer. */
export interface OutputForm {
  readonly encoding: Encoding
  readonly pretty: boolean
  readonly transform?: Transform
  /** The form of a watch: frames one after another, each in the encoding. */
  readonly stream?: boolean
}

export const mediaTypes: Readonly<Record<Exclude<Encoding, 'reference'>, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

/** In the order in which upstream offers them. */
const offered = [
  ['application', 'json', 'json'],
  ['application', 'yaml', 'yaml'],
  ['application', 'vnd.kubernetes.protobuf', 'protobuf'],
] as const

export interface NegotiationOptions {
  readonly byReference: boolean
  /** Which transforms this endpoint can do. */
  readonly transforms: readonly Transform['as'][]
  /** The answer is a watch. */
  readonly stream?: boolean
}

const transformKinds: readonly string[] = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']

/** Agrees on the form of the answer; throws 406. Who takes everything gets JSON (or the object itself, inside the simulation). */
export function negotiateOutput(headers: Readonly<Record<string, string>>, query: Query, options: NegotiationOptions): OutputForm {
  const accept = headers['accept'] ?? ''
  const stream = options.stream ? { stream: true } : {}
  const pretty = isPretty(query, headers)
  if (accept === '' || accept === '*/*') return { encoding: options.byReference ? 'reference' : 'json', pretty, ...stream }
  const listed: string[] = []
  for (const clause of parseAccept(accept)) {
    for (const [type, subtype, encoding] of offered) {
      // There are no streams of YAML.
      if (!clauseTakes(clause, type, subtype) || (options.stream && encoding === 'yaml')) continue
      const { as, g: group, v: version } = clause.parameters
      if (options.stream && clause.parameters['stream'] !== undefined && clause.parameters['stream'] !== 'watch') continue
      const handedOver: Encoding = encoding === 'json' && options.byReference ? 'reference' : encoding
      if (as === undefined) return { encoding: handedOver, pretty, ...stream }
      if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1') || !transformKinds.includes(as) || !options.transforms.includes(as as Transform['as'])) continue
      return { encoding: handedOver, pretty, transform: { as: as as Transform['as'], version }, ...stream }
    }
  }
  for (const encoding of ['json', 'yaml', 'protobuf'] as const) listed.push(options.stream ? `${mediaTypes[encoding]};stream=watch` : mediaTypes[encoding])
  throw notAcceptable(options.stream ? listed.filter((media) => !media.includes('yaml')) : listed)
}

/** Upstream indents for `pretty=true`, and for browsers and curl when they say nothing. */
function isPretty(query: Query, headers: Readonly<Record<string, string>>): boolean {
  const asked = query.optionalFlag('pretty')
  if (asked !== undefined) return asked
  return /^(curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '')
}
