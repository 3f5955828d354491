/** What is counted of admission webhooks. */
import type { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import type { MetricsPage } from './page.ts'

export function webhookMetrics(page: MetricsPage, webhooks: WebhookMetrics): void {
  page.family('apiserver_admission_webhook_admission_duration_seconds', 'histogram', 'STABLE', 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).')
  for (const { name, operation, rejected, type, seconds } of webhooks.calls()) page.histogram('apiserver_admission_webhook_admission_duration_seconds', { name, operation, rejected: String(rejected), type }, seconds)
  page.family('apiserver_admission_webhook_fail_open_count', 'counter', 'ALPHA', 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or mutating).')
  for (const { labels, count } of webhooks.failuresOpen()) page.sample('apiserver_admission_webhook_fail_open_count', labels, count)
  page.family('apiserver_admission_webhook_rejection_count', 'counter', 'ALPHA', 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.')
  for (const { labels, count } of webhooks.rejections()) page.sample('apiserver_admission_webhook_rejection_count', labels, count)
  page.family('apiserver_admission_webhook_request_total', 'counter', 'ALPHA', 'Admission webhook request total, identified by name and broken out for each admission type (validating or mutating) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.')
  for (const { name, operation, rejected, type, code, seconds } of webhooks.calls()) page.sample('apiserver_admission_webhook_request_total', { code: String(Math.min(code, 600)), name, operation, rejected: String(rejected), type }, seconds.count)
}
