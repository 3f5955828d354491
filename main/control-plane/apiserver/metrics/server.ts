/** What is counted of the server as a whole: who came, what was written down, what admission said, its health, its process. */
import type { Parts } from '../parts.ts'
import type { HealthChecks } from '../health/health.ts'
import { versionInfo } from '../health/version.ts'
import type { MetricsPage } from './page.ts'
import { webhookMetrics } from './webhooks.ts'

export function serverMetrics(page: MetricsPage, { log, auditor, admission, process, webhookMetrics: webhooks }: Parts): void {
  if (auditor) {
    page.family('apiserver_audit_error_total', 'counter', 'ALPHA', 'Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.')
    page.sample('apiserver_audit_error_total', { plugin: 'log' }, auditor.counts.errors)
    page.family('apiserver_audit_event_total', 'counter', 'ALPHA', 'Counter of audit events generated and sent to the audit backend.')
    page.sample('apiserver_audit_event_total', {}, auditor.counts.events)
    page.family('apiserver_audit_level_total', 'counter', 'ALPHA', 'Counter of policy levels for audit events (1 per request).')
    for (const [level, count] of auditor.byLevel) page.sample('apiserver_audit_level_total', { level }, count)
  }
  page.family('apiserver_admission_controller_admission_duration_seconds', 'histogram', 'STABLE', 'Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).')
  for (const { name, type, operation, rejected, seconds } of admission.metrics.all()) page.histogram('apiserver_admission_controller_admission_duration_seconds', { name, operation, rejected: String(rejected), type }, seconds)
  if (webhooks) webhookMetrics(page, webhooks)
  page.family('authenticated_user_requests', 'counter', 'ALPHA', 'Counter of authenticated requests broken out by username.')
  for (const [username, count] of log.users) page.sample('authenticated_user_requests', { username }, count)
  page.family('authentication_attempts', 'counter', 'ALPHA', 'Counter of authenticated attempts.')
  for (const [result, count] of log.authentications) page.sample('authentication_attempts', { result }, count)
  page.family('authorization_attempts_total', 'counter', 'ALPHA', 'Counter of authorization attempts broken down by result. It can be either \'allowed\', \'denied\', \'no-opinion\' or \'error\'.')
  for (const [result, count] of log.authorizations) page.sample('authorization_attempts_total', { result }, count)
  page.family('kubernetes_build_info', 'gauge', 'ALPHA', 'A metric with a constant \'1\' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.')
  page.sample('kubernetes_build_info', { build_date: versionInfo.buildDate, compiler: versionInfo.compiler, git_commit: versionInfo.gitCommit, git_tree_state: versionInfo.gitTreeState, git_version: versionInfo.gitVersion, go_version: versionInfo.goVersion, major: versionInfo.major, minor: versionInfo.minor, platform: versionInfo.platform }, 1)
  page.family('process_start_time_seconds', 'gauge', 'ALPHA', 'Start time of the process since unix epoch in seconds.')
  page.sample('process_start_time_seconds', {}, process.startedAt / 1000)
}

/** What is counted of health checks: a page of its own. */
export function healthMetrics(page: MetricsPage, health: HealthChecks): void {
  page.family('kubernetes_healthcheck', 'gauge', 'STABLE', 'This metric records the result of a single healthcheck.')
  for (const { name, type, isWell } of health.last()) page.sample('kubernetes_healthcheck', { name, type }, isWell ? 1 : 0)
  page.family('kubernetes_healthchecks_total', 'counter', 'STABLE', 'This metric records the results of all healthcheck.')
  for (const { name, type, status, count } of health.totals()) page.sample('kubernetes_healthchecks_total', { name, status, type }, count)
}
