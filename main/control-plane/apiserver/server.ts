import type { Node } from '../../api/generated/types.ts'
import { builtInKinds } from '../../api/kinds/registry.ts'
import type { Kind } from '../../api/kinds/kind.ts'
import type { BootstrapPolicy } from '../../api/kinds/rbac/bootstrap.ts'
import { statusOf } from '../../api/machinery/status-error.ts'
import { serveHttp } from '../../kernel/http.ts'
import type { HttpHandler } from '../../kernel/http.ts'
import type { Process, Program } from '../../kernel/machine.ts'
import type { EtcdClient } from '../etcd/client.ts'
import { AddressClaims } from './allocation/address-claims.ts'
import { AllocationRepair } from './allocation/repair.ts'
import { ServiceAllocator } from './allocation/service-allocator.ts'
import { Aggregation } from './aggregation/aggregation.ts'
import { Admission } from './admission/admission.ts'
import { CustomResources } from './apiextensions/custom-resources.ts'
import { admissionPlugins } from './admission/plugins.ts'
import { conversionCaller } from './outbound/conversion-caller.ts'
import type { OutboundDoor } from './outbound/door.ts'
import { serviceLookupOf, webhookClientOf } from './outbound/webhook-client-of.ts'
import { makeAuthenticator } from './authn/authenticators.ts'
import { authorizers } from './authz/authorizers.ts'
import { keepApiServices } from './bootstrap/api-services.ts'
import { bootstrap } from './bootstrap/bootstrap.ts'
import { EndpointReconciler } from './bootstrap/endpoint-reconciler.ts'
import { keepFlowControl } from './bootstrap/flow-control.ts'
import { keepIdentityLease } from './bootstrap/identity-lease.ts'
import { MasterLeases } from './bootstrap/master-leases.ts'
import { keepLegacyTokenTracking } from './bootstrap/legacy-token-tracking.ts'
import { OwnObjects } from './bootstrap/own-objects.ts'
import { sendBookmarks } from './bookmarks.ts'
import { isHealthCheck, pipeline } from './pipeline.ts'
import { namedHandlers } from './handlers/named.ts'
import { policyPlugins } from './policies/plugins.ts'
import { Leases } from './registry/leases.ts'
import { Resources } from './registry/resources.ts'
import { signingRequestHooks } from './registry/signing-request-hooks.ts'
import type { RequestVerifier } from './registry/signing-request-hooks.ts'
import type { StoreHooks } from './registry/store-hooks.ts'
import { RequestLog } from './request-log.ts'
import { router } from './router.ts'
import { keepRunning } from './running.ts'
import type { RunningOptions } from './running.ts'
import { KubeletAccess } from './streams/kubelet-access.ts'
import { keepCompacting } from './storage/compactor.ts'
import { Feed } from './storage/feed.ts'
import { Storage } from './storage/storage.ts'
import { StoredObjects } from './storage/stored-objects.ts'
import { exposeWatchCache } from './watch-cache-view.ts'
import { webhookPlugins } from './webhooks/plugins.ts'
import { WebhookMetrics } from './webhooks/webhook-metrics.ts'
import type { Tokens } from './tokens.ts'

export interface ApiServerOptions extends RunningOptions {
  readonly etcd: EtcdClient
  readonly tokens: Tokens
  /** Checks the signatures of certificate requests. Absent: they are taken at their word. */
  readonly verifyRequest?: RequestVerifier
  /** The address that the kubernetes Service leads to. */
  readonly advertisedAddress: string
  /** Default 6443. */
  readonly port?: number
  /** Default 10.96.0.0/12. */
  readonly serviceCidr?: string
  /** Default 30000-32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number }
  /** Default: all built-in kinds. */
  readonly kinds?: readonly Kind[]
  /** The `iss` of service-account tokens. Default https://kubernetes.default.svc.cluster.local. */
  readonly issuer?: string
  /** The RBAC objects of a new cluster. Default: the server's own, and those that kubeadm adds. */
  readonly policies?: readonly BootstrapPolicy[]
  /** The way to webhooks outside the simulation. Default: nothing leaves. */
  readonly outbound?: OutboundDoor
  /** PEM of the authority of client certificates, as servers behind this one are told. */
  readonly clientAuthority?: string
  /** What values of etcd mean, once decoded: several servers of one simulation may share it. Default: its own. */
  readonly stored?: StoredObjects
  /** Makes every object that leaves the server immutable in fact. For tests and development. */
  readonly freeze?: boolean
}

/** What the composition root gets to know of a running server, besides what it serves on the simulated network. */
export interface ApiServer extends Program {
  /** Serves a request from anywhere: the real HTTPS edge uses it. */
  readonly handler: HttpHandler
  /** Resolves when the server's own objects are there and requests are answered. */
  readonly ready: Promise<void>
  /** What definitions define; its `conversionCaller` makes the calls to conversion webhooks. */
  readonly customResources: CustomResources | undefined
}

/** kube-apiserver. Serves HTTP on the process's network stack. Requests that arrive while the first objects (namespaces, RBAC,
 *  the kubernetes Service) are being written wait for them; upstream lets them fail. */
export function kubeApiserver(options: ApiServerOptions): (process: Process) => ApiServer {
  return (process) => {
    const issuer = options.issuer ?? 'https://kubernetes.default.svc.cluster.local'
    const settings = {
      ...options,
      issuer,
      port: options.port ?? 6443,
      serviceCidr: options.serviceCidr ?? '10.96.0.0/12',
      nodePorts: options.nodePorts ?? { first: 30_000, last: 32_767 },
    }
    const feed = new Feed(process, options.etcd)
    const storage = new Storage(process, options.etcd, feed)
    const stored = options.stored ?? new StoredObjects(options.freeze ?? false)
    const hooks = new Map<string, StoreHooks>()
    const admission = new Admission()
    const leases = new Leases(process, options.etcd)
    const resources = new Resources({
      process,
      storage,
      stored,
      admission,
      leases,
      hooksFor: (kind) => hooks.get(`${kind.group}/${kind.plural}`),
    })
    const kinds = options.kinds ?? builtInKinds
    for (const kind of kinds) resources.add(kind, kind.storedAs ? kinds.find((each) => each.group === kind.storedAs!.group && each.kind === kind.storedAs!.kind) : kind)
    const own = new OwnObjects(process, resources)
    const customResources = resources.ofGroup('apiextensions.k8s.io', 'customresourcedefinitions') ? new CustomResources({ process, resources, own }) : undefined
    const authenticating = makeAuthenticator({ process, resources, own, tokens: options.tokens, issuer })
    const authorization = authorizers(resources)
    const log = new RequestLog(process)
    const running = keepRunning(process, options, resources, log)
    const services = new ServiceAllocator({ process, storage, addresses: new AddressClaims(storage, own, resources.storeOf('networking.k8s.io', 'ipaddresses').store), services: resources.storeOf('', 'services').cache, cidr: settings.serviceCidr, nodePorts: settings.nodePorts })
    const repair = new AllocationRepair(process, services, resources.storeOf('', 'services').cache)
    hooks.set('/services', services)
    if (options.verifyRequest) hooks.set('certificates.k8s.io/certificatesigningrequests', signingRequestHooks(options.verifyRequest))
    let isReady = false
    const kubelets = new KubeletAccess(process, (name) => resources.storeOf('', 'nodes').store.cached('', name) as Node | undefined)
    const aggregation = resources.ofGroup('apiregistration.k8s.io', 'apiservices') ? new Aggregation({ process, resources, own, lookup: serviceLookupOf({ process, resources }), outbound: options.outbound }) : undefined
    const parts = { process, aggregation, kubelets, isReady: () => isReady, services, resources, feed, customResources, storage, own, admission, authenticator: authenticating, authorization, log, ...running, settings, hooks, webhookMetrics: new WebhookMetrics() }
    const webhooks = webhookClientOf(parts)
    if (customResources) customResources.conversionCaller = conversionCaller(webhooks)
    admission.use(admissionPlugins(parts))
    admission.use(policyPlugins(parts))
    admission.use(webhookPlugins(parts, webhooks))
    log.showBesides('admission', () => admission.metrics.view())
    const named = namedHandlers(parts)
    const local = router(resources, named.resources, named.other)
    const handle = pipeline({ process, authenticator: authenticating, authorizer: authorization.authorizer, log, ...running, route: aggregation?.inFrontOf(local) ?? local })
    const endpoints = new EndpointReconciler(process, own, new MasterLeases(options.etcd, leases), settings.advertisedAddress, settings.port)
    const waiting: (() => void)[] = []
    const handler: HttpHandler = (exchange) => {
      if (isReady || isHealthCheck(exchange.request.path)) handle(exchange)
      else {
        const cause = process.kernel.trace.current
        waiting.push(() => process.kernel.schedule(0, () => handle(exchange), cause))
      }
    }
    const ready = (async (): Promise<void> => {
      await feed.start()
      await customResources?.start()
      for (;;) {
        try {
          await repair.begin()
          await bootstrap(parts, endpoints)
          break
        } catch (error) {
          process.journal.error('Unable to write the server\'s own objects, trying again', { err: statusOf(error).message })
          await process.clock.sleep(bootstrapRetryMs)
        }
      }
      isReady = true
      process.journal.info('Serving securely on', { address: `[::]:${settings.port}` })
      for (const go of waiting.splice(0)) go()
      endpoints.start()
      repair.start()
      keepIdentityLease(process, own, resources)
      keepCompacting(process, options.etcd)
      keepFlowControl(process, own, resources)
      keepApiServices(process, own, resources)
      keepLegacyTokenTracking(process, own, resources)
      aggregation?.start()
    })()
    sendBookmarks(process, resources)
    exposeWatchCache(process, resources, feed)
    serveHttp(process.stack, settings.port, handler, { scope: process.scope })
    return {
      handler,
      ready,
      customResources,
      async stop() {
        await running.drain(() => endpoints.stop())
      },
    }
  }
}

const bootstrapRetryMs = 500
