import type { ContainerProcess } from '../daemon-host.ts'
import { hosted, inClusterClient } from '../in-cluster.ts'
import { serveClusterDns } from './server.ts'

const version = '1.13.1'

/** CoreDNS as the program of a container: reads its zone from the Corefile that `-conf` names (kubeadm's ConfigMap), speaks to
 *  the API with its service account, and serves until it is told to stop. */
export async function coreDns(context: ContainerProcess): Promise<number> {
  const zone = zoneOf(context)
  const host = hosted(context, 'coredns')
  const client = inClusterClient(context, `CoreDNS/${version}`)
  serveClusterDns(host, { client, clusterDomain: zone })
  await context.stdout.write(`.:53\n[INFO] plugin/reload: Running configuration\nCoreDNS-${version}\nlinux/amd64, go1.25.2, 1db4568\n`)
  await context.untilSignal('TERM', 'INT')
  await context.stdout.write('[INFO] SIGTERM: Shutting down servers then terminating\n')
  return 0
}

/** The first zone of the kubernetes plug-in; cluster.local when there is no Corefile to say otherwise. */
function zoneOf(context: ContainerProcess): string {
  const at = context.argv.indexOf('-conf')
  const path = at >= 0 ? context.argv[at + 1] : 'Corefile'
  try {
    return /^\s*kubernetes\s+(\S+)/m.exec(context.files.readText(path ?? 'Corefile'))?.[1]?.replace(/\.$/, '') ?? 'cluster.local'
  } catch {
    return 'cluster.local'
  }
}
