import type { Process } from '../../kernel/machine.ts'
import type { Admission } from './admission/admission.ts'
import type { ServiceAllocator } from './allocation/service-allocator.ts'
import type { Aggregation } from './aggregation/aggregation.ts'
import type { Authenticator } from './authn/authenticator.ts'
import type { Authorization } from './authz/authorizers.ts'
import type { OwnObjects } from './bootstrap/own-objects.ts'
import type { CustomResources } from './apiextensions/custom-resources.ts'
import type { Resources } from './registry/resources.ts'
import type { StoreHooks } from './registry/store-hooks.ts'
import type { RequestLog } from './request-log.ts'
import type { Running } from './running.ts'
import type { ApiServerOptions } from './server.ts'
import type { KubeletAccess } from './streams/kubelet-access.ts'
import type { Feed } from './storage/feed.ts'
import type { Storage } from './storage/storage.ts'
import type { WebhookMetrics } from './webhooks/webhook-metrics.ts'

/** The options with their defaults. */
export type Settings = ApiServerOptions & Required<Pick<ApiServerOptions, 'issuer' | 'port' | 'serviceCidr' | 'nodePorts'>>

/** The pieces of one server, for those of its modules that need several. */
export interface Parts extends Running {
  readonly process: Process
  readonly resources: Resources
  /** Absent where definitions are not served. Its `conversionCaller` makes the calls to conversion webhooks. */
  readonly customResources: CustomResources | undefined
  readonly feed: Feed
  readonly storage: Storage
  readonly own: OwnObjects
  /** For handlers of what no store writes; later parts plug their plugins in here. */
  readonly admission: Admission
  readonly authenticator: Authenticator
  readonly authorization: Authorization
  readonly log: RequestLog
  readonly settings: Settings
  readonly kubelets: KubeletAccess
  /** Whether the server's own objects are there. */
  readonly isReady: () => boolean
  readonly services: ServiceAllocator
  /** How admission webhooks do; absent where no kind configures any. */
  readonly webhookMetrics?: WebhookMetrics | undefined
  /** Groups that other servers answer; absent where no APIServices are served. */
  readonly aggregation?: Aggregation | undefined
  /** By `group/plural`. */
  readonly hooks: Map<string, StoreHooks>
}
