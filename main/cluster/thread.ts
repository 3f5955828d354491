import type { LabFrame, WindowFrame } from '../../preload/contract/frames.ts'
import type { Pki } from '../control-plane/apiserver/pki.node.ts'
import type { ClusterSpec } from './spec.ts'

/** What a cluster thread is started with (workerData). */
export interface ThreadOptions {
  readonly spec: ClusterSpec
  /** Virtual ms since the epoch at which the run starts. */
  readonly epoch: number
  /** Port of the API server on 127.0.0.1; 0 = any free one. */
  readonly port: number
  /** Where the machines' disks are kept; absent: nowhere, the cluster is forgotten when it stops. */
  readonly disks?: string
  /** Virtual ms per wall ms; 0 = as fast as it can. */
  readonly speed: number
  /** Certificates and keys, kept with the lab so that a kubeconfig stays valid over restarts. */
  readonly pki?: Pki
  /** Wall time at which the user asked for the lab, for the start-up figure. */
  readonly launchedAt: number
}

export type ToThread = { readonly type: 'frame'; readonly frame: WindowFrame } | { readonly type: 'stop' }

export type FromThread =
  | { readonly type: 'frame'; readonly frame: LabFrame }
  /** The API server answers on this port. */
  | { readonly type: 'listening'; readonly port: number; readonly kubeconfig: string; readonly pki: Pki; readonly console: { readonly url: string; readonly token: string } }
  /** etcd answers there, for etcdctl. */
  | { readonly type: 'etcd'; readonly access: { readonly endpoint: string; readonly ca: string; readonly certificate: string; readonly key: string } }
  /** Every node is Ready. */
  | { readonly type: 'ready'; readonly startupMs: number }
  /** It cannot go on; `usage` marks what the user can mend (a port in use). */
  | { readonly type: 'failed'; readonly message: string; readonly usage: boolean }
  | { readonly type: 'stopped' }

export type { Pki } from '../control-plane/apiserver/pki.node.ts'
