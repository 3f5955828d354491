/** Pods to Ready in @ngrok/webernetes, in this process: prints `ms N`. The package's imports need a bundler: run.mjs bundles this. */
import { BaseImage, Cluster } from '@ngrok/webernetes'

const replicas = Number(process.argv[2])
const nodes = Number(process.argv[3] ?? 3)

class Server extends BaseImage {
  static imageName = 'server'
  static imageVersion = '1.0'
  defaultCommand = ['server']
  async exec(context, argv) {
    if (argv[0] !== 'server') return super.exec(context, argv)
    return context.waitUntilKilled()
  }
}

const cluster = new Cluster({ nodes })
cluster.registerImage(Server)
await cluster.init()
const started = performance.now()
await cluster.apply([
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bench' },
    spec: { replicas, selector: { matchLabels: { app: 'bench' } }, template: { metadata: { labels: { app: 'bench' } }, spec: { containers: [{ name: 'server', image: 'server:1.0' }] } } },
  },
])
for (;;) {
  const deployment = await cluster.api.appsv1.readNamespacedDeployment({ name: 'bench', namespace: 'default' })
  if (deployment.status?.readyReplicas === replicas) break
  if (performance.now() - started > 380_000) {
    console.error(`not ready in time: ${deployment.status?.readyReplicas ?? 0} of ${replicas}`)
    process.exit(1)
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
}
console.log(`ms ${Math.round(performance.now() - started)}`)
process.exit(0)
