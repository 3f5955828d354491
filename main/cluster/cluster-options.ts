import type { Performer } from '../control-plane/apiserver/outbound/door.ts'
import type { RequestVerifier } from '../control-plane/apiserver/registry/signing-request-hooks.ts'
import type { Tokens } from '../control-plane/apiserver/tokens.ts'
import type { CertificateAuthority } from '../control-plane/controllers/certificate-signing-request/certificate.ts'
import type { DiskBacking } from '../kernel/disk.ts'
import type { Host } from '../kernel/host.ts'
import type { CatalogueData } from '../node/runtime/images/catalogue.ts'
import type { ClusterSpec } from './spec.ts'

/** What a cluster is made from, beside the code. */
export interface ClusterOptions {
  readonly spec: ClusterSpec
  readonly host: Host
  /** Virtual ms since the epoch at which the run starts. */
  readonly epoch: number
  readonly tokens: Tokens
  /** Checks the signatures of certificate requests; absent: they are taken at their word. */
  readonly verifyRequest?: RequestVerifier
  /** Makes the calls to webhooks outside the simulation; absent: nothing leaves. */
  readonly performOutbound?: Performer
  /** The cluster CA's certificate (PEM), for service accounts. */
  readonly caCertificate: string
  /** Signs certificate requests with the CA's key; absent: they stay unsigned. */
  readonly certificateAuthority?: CertificateAuthority
  /** Keys and certificates (PEM) as kubeadm leaves them on a control-plane machine's disk; absent: they are not there. */
  readonly keyPairs?: Readonly<Record<'ca' | 'server' | 'admin', { readonly certificate: string; readonly key: string }>>
  readonly images: CatalogueData
  /** Durable storage of a machine; absent: memory only. */
  readonly backingOf?: (machine: string) => DiskBacking
  /** Makes shared objects immutable in fact: for tests. */
  readonly freeze?: boolean
}
