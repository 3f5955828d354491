import { expect, it } from 'vitest'
import { requestText, writtenKeyText } from './request.ts'

it.each([
  ['PUT /apis/apps/v1/namespaces/default/deployments/web/status?fieldManager=x', 'PUT deployments/web/status in default'],
  ['kubectl: PATCH /api/v1/namespaces/default', 'kubectl: PATCH namespaces/default'],
  ['GET /api/v1/pods', 'GET pods'],
  ['GET /apis?timeout=32s', 'GET /apis'],
  ['sync deployment default/web', 'sync deployment default/web'],
  ['KV/Txn /registry/pods/default/web', 'KV/Txn /registry/pods/default/web'],
])('%s reads %s', (text, wanted) => expect(requestText(text)).toBe(wanted))

it.each([
  ['KV/Txn /registry/pods/default/web', '/registry/pods/default/web'],
  ['KV/Put /registry/a b', '/registry/a'],
  ['KV/Range /registry/pods/', ''],
  ['KV/Txn /registry/leases/kube-system/kube-scheduler', ''],
  ['KV/Compact', ''],
  ['Watch /registry/', ''],
])('names the key that %s writes', (text, key) => expect(writtenKeyText(text)).toBe(key))
