/** `/metrics` with upstream's names for what is counted here. */
import type { HealthChecks } from '../health/health.ts'
import type { Parts } from '../parts.ts'
import { flowControlMetrics } from './flow-control.ts'
import { MetricsPage } from './page.ts'
import { requestMetrics } from './requests.ts'
import { healthMetrics, serverMetrics } from './server.ts'
import { storageMetrics } from './storage.ts'

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'

export function metricsPage(parts: Parts): string {
  const page = new MetricsPage()
  requestMetrics(page, parts)
  if (parts.flow) flowControlMetrics(page, parts.flow)
  storageMetrics(page, parts)
  serverMetrics(page, parts)
  return page.text
}

/** `/metrics/slis`: the health checks. */
export function slisPage(health: HealthChecks): string {
  const page = new MetricsPage()
  healthMetrics(page, health)
  return page.text
}
