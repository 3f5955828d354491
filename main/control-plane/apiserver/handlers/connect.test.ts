import { expect, it } from 'vitest'
import { Admission, refused } from '../admission/admission.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { requestInfoOf } from '../request-info/request-info.ts'
import { connecting } from './connect.ts'
import type { ApiRequest } from './request.ts'

it.each([
  ['PodExecOptions', 'POST', 'exec?command=sh&command=-c&stdin=true&tty=false&container=c', { stdin: true, container: 'c', command: ['sh', '-c'] }],
  ['PodAttachOptions', 'GET', 'attach?stdout=1&stderr=true', { stdout: true, stderr: true }],
  ['PodPortForwardOptions', 'POST', 'portforward?ports=80&ports=x', { ports: [80] }],
  ['PodProxyOptions', 'GET', 'proxy/a/b?q=1', { path: '/a/b' }],
] as const)('%s are admitted before anything is connected', async (optionsKind, method, path, options) => {
  const admission = new Admission()
  const seen: unknown[] = []
  let connected = 0
  const connect = connecting({ admission }, optionsKind, () => void connected++)
  const request = { info: requestInfoOf(method, `/api/v1/namespaces/default/pods/p/${path}`), context: { process: { clock: { now: () => 0 } } } } as unknown as ApiRequest
  const resource = { kind: podKind } as never
  await connect(request, resource)
  admission.use([{
    name: 'ValidatingAdmissionWebhook',
    handles: ({ operation }) => operation === 'CONNECT',
    validate(attributes) {
      const { operation, kind, subresource, name, namespace, object, oldObject } = attributes
      seen.push({ operation, kind: kind.kind, subresource, name, namespace, object, oldObject })
      throw refused(attributes, 'nobody comes in here')
    },
  }])
  await expect(connect(request, resource)).rejects.toThrow('pods "p" is forbidden: nobody comes in here')
  expect(connected).toBe(1)
  expect(seen).toEqual([{ operation: 'CONNECT', kind: 'Pod', subresource: path.split(/[/?]/)[0], name: 'p', namespace: 'default', object: { kind: optionsKind, apiVersion: 'v1', ...options }, oldObject: undefined }])
})
