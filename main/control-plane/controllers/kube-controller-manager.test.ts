import { expect, it } from 'vitest'
import { testBench } from '../../api/client/testing/test-process.ts'
import { HttpClient, type HttpTransport } from '../../kernel/http.ts'
import { kubeControllerManager } from './kube-controller-manager.ts'

/** Answers lists with nothing and everything else with 404, so that requests of both kinds are counted. */
const nothing: HttpTransport = {
  request: ({ path }) => Promise.resolve(path.startsWith('/api') && !path.includes('leases') ? { status: 200, headers: {}, body: { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] } } : { status: 404, headers: {}, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'NotFound', message: 'not found', code: 404 } }),
  stream: () => new Promise(() => {}),
}

it('serves the metrics of its queues, requests and controllers under upstream\'s names', async () => {
  const { kernel, machine, process } = testBench(1, 'world')
  machine.start('kube-controller-manager', kubeControllerManager({ transport: () => nothing, leaderElect: false, controllers: ['namespace-controller', 'ttl-controller'] }))
  await kernel.runFor(5_000)
  const asker = new HttpClient(process, { address: '192.168.64.10', port: 10257 })
  const response = await kernel.settle(asker.request({ method: 'GET', path: '/metrics', headers: {} }))
  const text = new TextDecoder().decode(response.body as Uint8Array)
  for (const line of [
    'workqueue_depth{name="ttl-controller"} 0',
    'workqueue_adds_total{name="ttl-controller"} 0',
    'workqueue_retries_total{name="ttl-controller"} 0',
    'workqueue_queue_duration_seconds_bucket{name="ttl-controller",le="1e-08"} 0',
    'workqueue_work_duration_seconds_count{name="namespace-controller"} 0',
    'workqueue_unfinished_work_seconds{name="ttl-controller"} 0',
    'running_managed_controllers{manager="kube-controller-manager",name="ttl-controller"} 1',
  ]) expect(text.split('\n')).toContain(line)
  expect(text).toMatch(/\nrest_client_requests_total\{code="200",host="[^"]*",method="GET"\} \d+\n/)
  expect(text).toMatch(/\nrest_client_request_duration_seconds_bucket\{host="[^"]*",verb="GET",le="0\.005"\} \d+\n/)
  // Every family is named once.
  const families = text.split('\n').filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
  expect(new Set(families).size).toBe(families.length)
})
