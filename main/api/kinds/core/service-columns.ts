import type { Service } from '../../generated/types.ts'
import { ageColumn, column, labelsText, nameColumn, wideColumn } from '../columns.ts'
import type { Column } from '../kind.ts'

const spec = 'io.k8s.api.core.v1.ServiceSpec'

/** What EXTERNAL-IP says. The server's tables are always made wide, so all addresses are named in full. */
export function externalAddress(service: Service): string {
  const externalIPs = service.spec?.externalIPs ?? []
  switch (service.spec?.type) {
    case 'LoadBalancer': {
      const addresses = (service.status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip || ingress.hostname || '').filter((address) => address !== '')
      return [...addresses, ...externalIPs].join(',') || '<pending>'
    }
    case 'ExternalName':
      return service.spec.externalName ?? ''
    default:
      return externalIPs.length > 0 ? externalIPs.join(',') : '<none>'
  }
}

/** `80/TCP,443:30443/TCP`. */
export function servicePortsText(service: Service): string {
  const ports = service.spec?.ports ?? []
  if (ports.length === 0) return '<none>'
  return ports.map((port) => (port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol}` : `${port.port}/${port.protocol}`)).join(',')
}

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn(),
  column('Type', [spec, 'type'], (service) => service.spec?.type ?? ''),
  column('Cluster-IP', [spec, 'clusterIP'], (service) => service.spec?.clusterIPs?.[0] || service.spec?.clusterIP || '<none>'),
  column('External-IP', [spec, 'externalIPs'], externalAddress),
  column('Port(s)', [spec, 'ports'], servicePortsText),
  ageColumn(),
  wideColumn('Selector', [spec, 'selector'], (service) => labelsText(service.spec?.selector)),
]
