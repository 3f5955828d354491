import { expect, it } from 'vitest'
import type { Process } from '../../../kernel/machine.ts'
import { AuditRecord } from './auditor.ts'

type Given = ConstructorParameters<typeof AuditRecord>

/** The events of one request for which `level` Metadata holds. */
function recorded(run: (record: AuditRecord) => void): object[] {
  const events: object[] = []
  const process = { clock: { now: () => 0 } } as unknown as Process
  const config = { level: 'Metadata', omitStages: new Set(), omitManagedFields: false } as unknown as Given[2]
  const exchange = { request: { method: 'GET', path: '/api/v1/nodes', headers: {} }, source: { address: '192.168.64.1' } } as unknown as Given[3]
  const info = { isResource: false, verb: 'get', path: '/api/v1/nodes' } as unknown as Given[4]
  run(new AuditRecord(process, (event) => events.push(event), config, exchange, info, { name: 'somebody', groups: [] }, 'id', 'test'))
  return events
}

it("ends with the stage Panic when the server failed, in upstream's words", () => {
  expect(recorded((record) => record.complete(200))).toMatchObject([{ stage: 'ResponseComplete', responseStatus: { code: 200 } }])
  expect(
    recorded((record) => {
      record.panicked('index out of range')
      record.complete(500)
    }),
  ).toMatchObject([{ stage: 'Panic', responseStatus: { status: 'Failure', reason: 'InternalError', code: 500, message: "APIServer panic'd: index out of range" } }])
})

it.each([
  ['impersonate:user-info', { impersonationConstraint: 'impersonate:user-info' }],
  ['', undefined],
])('names the verb of constrained impersonation: %j', (constraint, authenticationMetadata) => {
  const [event] = recorded((record) => {
    record.impersonates({ name: 'jane', groups: [] }, constraint)
    record.complete(200)
  })
  expect(event).toMatchObject({ user: { username: 'somebody' }, impersonatedUser: { username: 'jane' } })
  expect((event as { authenticationMetadata?: object }).authenticationMetadata).toEqual(authenticationMetadata)
})
