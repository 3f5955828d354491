/** Connections pass admission too: what they are to be is an object of options, read from the query. */
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import type { Parts } from '../parts.ts'
import type { ServedResource } from '../registry/resources.ts'
import type { Query } from '../request-info/query.ts'
import type { ApiRequest } from './request.ts'

type Handler = (request: ApiRequest, resource: ServedResource) => void | Promise<void>
type OptionsKind = 'PodExecOptions' | 'PodAttachOptions' | 'PodPortForwardOptions' | 'PodProxyOptions' | 'ServiceProxyOptions' | 'NodeProxyOptions'

const streams = ['stdin', 'stdout', 'stderr', 'tty'] as const

/** The handler of a connection behind admission: operation CONNECT, with the options as its object and no old one. */
export function connecting({ admission }: Pick<Parts, 'admission'>, optionsKind: OptionsKind, handler: Handler): Handler {
  return async (request, resource) => {
    const { info, context } = request
    const { kind } = resource
    const options = { kind: optionsKind, apiVersion: 'v1', ...optionsOf(optionsKind, info.query, info.parts.slice(2)) } as unknown as KubeObject
    const attributes: AdmissionAttributes = { operation: 'CONNECT', kind, subresource: info.subresource, name: info.name, namespace: kind.namespaced ? info.namespace : '', object: options, oldObject: undefined, dryRun: false, context }
    await admission.admit(attributes)
    await admission.validate(attributes)
    await handler(request, resource)
  }
}

function optionsOf(kind: OptionsKind, query: Query, path: readonly string[]): object {
  switch (kind) {
    case 'PodPortForwardOptions':
      return { ports: query.all('ports').map(Number).filter(Number.isInteger) }
    case 'PodExecOptions':
    case 'PodAttachOptions': {
      const container = query.get('container')
      const command = query.all('command')
      return {
        ...Object.fromEntries(streams.filter((name) => query.flag(name)).map((name) => [name, true])),
        ...(container === '' ? {} : { container }),
        ...(kind === 'PodExecOptions' && command.length > 0 ? { command: [...command] } : {}),
      }
    }
    default:
      return path.length === 0 ? {} : { path: `/${path.join('/')}` }
  }
}
