import { describe, expect, it } from 'vitest'
import type { Device, DeviceClaim, ResourceClaim, ResourceClaimStatus, ResourceSlice, ResourceSliceSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import { errorsOf, made, updateErrorsOf } from '../testing/life-of.ts'
import { rowOf } from '../testing/row-of.ts'
import { deviceClassKind } from './device-class.ts'
import { resourceClaimTemplateKind } from './resource-claim-template.ts'
import { resourceClaimKind } from './resource-claim.ts'
import { resourceSliceKind } from './resource-slice.ts'

const apiVersion = 'resource.k8s.io/v1'
const claim = (devices: DeviceClaim, status?: ResourceClaimStatus): ResourceClaim => ({ apiVersion, kind: 'ResourceClaim', metadata: { name: 'x', namespace: 'n' }, spec: { devices }, ...(status ? { status } : {}) })
const gpu = { name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }
const at = 'spec.devices'

describe('resource claims', () => {
  it('ask for one device where they say nothing else', () => {
    expect(made(resourceClaimKind, claim({ requests: [gpu, { name: 'or', firstAvailable: [{ name: 'a', deviceClassName: 'a', tolerations: [{ key: 'k', operator: '' }] }] }] })).spec.devices?.requests).toMatchObject([
      { exactly: { allocationMode: 'ExactCount', count: 1 } },
      { firstAvailable: [{ allocationMode: 'ExactCount', count: 1, tolerations: [{ operator: 'Equal' }] }] },
    ])
  })

  it.each<[string, DeviceClaim, string[]]>([
    ['a good one', { requests: [gpu], constraints: [{ requests: ['gpu'], matchAttribute: 'example.com/numa' }], config: [{ requests: ['gpu'], opaque: { driver: 'gpu.example.com', parameters: { a: 1 } } }] }, []],
    ['nothing wanted', { requests: [{ name: 'a' }] }, [`${at}.requests[0]: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`]],
    ['a name twice', { requests: [gpu, gpu] }, [`${at}.requests[1]: Duplicate value: "gpu"`]],
    ['odd counts', { requests: [{ name: 'a', exactly: { deviceClassName: '', allocationMode: 'All', count: 1 } }, { name: 'b', exactly: { deviceClassName: 'c', count: -1 } }, { name: 'c', exactly: { deviceClassName: 'c', allocationMode: 'Some' } }] }, [
      `${at}.requests[0].exactly.deviceClassName: Required value`,
      `${at}.requests[0].exactly.count: Invalid value: 1: must not be specified when allocationMode is 'All'`,
      `${at}.requests[1].exactly.count: Invalid value: -1: must be greater than zero`,
      `${at}.requests[2].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
    ]],
    ['odd references', { requests: [gpu], constraints: [{ requests: ['other'], matchAttribute: 'numa' }, {}] }, [
      `${at}.constraints[0].requests[0]: Invalid value: "other": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
      `${at}.constraints[0].matchAttribute: Invalid value: "numa": a fully qualified name must be a domain and a name separated by a slash`,
      `${at}.constraints[1]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set`,
    ]],
    ['odd settings', { requests: [gpu], config: [{}, { opaque: { driver: '', parameters: [1] } }] }, [
      `${at}.config[0].opaque: Required value`,
      `${at}.config[1].opaque.driver: Required value`,
      `${at}.config[1].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object`,
    ]],
    ['too many', { requests: Array.from({ length: 33 }, (_, index) => ({ ...gpu, name: `r${index}` })) }, [`${at}.requests: Too many: 33: must have at most 32 items`]],
  ])('%s', (_, devices, expected) => expect(errorsOf(resourceClaimKind, claim(devices))).toEqual(expected))

  it('do not change', () => {
    expect(updateErrorsOf(resourceClaimKind, claim({ requests: [] }), claim({ requests: [gpu] }))[0]).toMatch(/^spec: Invalid value: .*: field is immutable$/)
  })

  it('are allocated and reserved through their status', () => {
    const [status] = resourceClaimKind.subresources
    const result = { request: 'gpu', driver: 'gpu.example.com', pool: 'worker-1', device: 'gpu-0' }
    const old = made(resourceClaimKind, claim({ requests: [gpu] }))
    const check = (next: ResourceClaimStatus, was = old): string[] => (status?.type === 'status' ? (status.validateUpdate?.({ ...old, status: next }, was) ?? []).map(fieldErrorText) : [])
    const consumer = { resource: 'pods', name: 'p', uid: 'u' }
    expect(check({ allocation: { devices: { results: [result] } }, reservedFor: [consumer] })).toEqual([])
    expect(check({ reservedFor: [consumer] })).toEqual(['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'])
    expect(check({ allocation: { devices: { results: [{ ...result, request: 'other' }] } }, devices: [{ ...result, device: 'gpu-1' }] })).toEqual([
      'status.devices[0]: Invalid value: "gpu.example.com/worker-1/gpu-1": must be an allocated device in the claim',
      "status.allocation.devices.results[0].request: Invalid value: \"other\": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
    ])
    const allocated = { ...old, status: { allocation: { devices: { results: [result] } } } }
    expect(check({ allocation: { devices: { results: [{ ...result, device: 'gpu-2' }] } } }, allocated)[0]).toMatch(/^status\.allocation: Invalid value: .*: field is immutable$/)
    expect(check({ allocation: allocated.status.allocation, devices: [{ ...result, networkData: { ips: ['10.9.8.7/24', '010.9.8.7/24', 'x'] } }] }, allocated)).toEqual([
      'status.devices[0].networkData.ips[1]: Invalid value: "010.9.8.7/24": must be in canonical form ("10.9.8.7/24")',
      'status.devices[0].networkData.ips[2]: Invalid value: "x": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
    ])
  })

  it.each([[undefined, 'pending'], [{ allocation: {} }, 'allocated'], [{ allocation: {}, reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] }, 'allocated,reserved']])('with %j are %s', (status, expected) => {
    expect(rowOf(resourceClaimKind, claim({ requests: [gpu] }, status))).toMatchObject({ State: expected })
  })
})

describe('templates and classes', () => {
  it('are checked as claims are', () => {
    expect(errorsOf(resourceClaimTemplateKind, { apiVersion, kind: 'ResourceClaimTemplate', metadata: { name: 'x' }, spec: { metadata: { labels: { 'a b': 'c' } }, spec: { devices: { requests: [{ name: 'a' }] } } } }).map((text) => text.split(':')[0])).toEqual(['spec.metadata.labels', 'spec.spec.devices.requests[0]'])
  })

  it.each<[string, string[]]>([
    ['device.driver == "gpu.example.com"', []],
    ['device.attributes["gpu.example.com"].model == "a" && device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("1Gi"))', []],
    ['device.attributes["gpu.example.com"].model.lowerAscii().matches("^a[0-9]+$") && device.attributes["gpu.example.com"]["model"].contains("0")', []],
    ['bad', ['Invalid value: "bad": compilation failed: ERROR: <input>:1:1: undeclared reference to \'bad\' (in container \'\')\n | bad\n | ^']],
    ['device.nothing', ['Invalid value: "device.nothing": compilation failed: ERROR: <input>:1:7: undefined field \'nothing\'\n | device.nothing\n | ......^']],
    ['device.driver', ['Invalid value: "device.driver": must evaluate to bool or the unknown type, not string']],
    ['x'.repeat(10_241), ['Too long: may not be more than 10240 bytes']],
  ])('have the expression %s checked', (expression, expected) => {
    const [class_, inClaim] = ['spec.selectors[0].cel.expression', 'spec.devices.requests[0].exactly.selectors[0].cel.expression']
    const selectors = [{ cel: { expression } }]
    expect(errorsOf(deviceClassKind, { apiVersion, kind: 'DeviceClass', metadata: { name: 'x' }, spec: { selectors } })).toEqual(expected.map((text) => `${class_}: ${text}`))
    expect(errorsOf(resourceClaimKind, claim({ requests: [{ name: 'a', exactly: { deviceClassName: 'c', selectors } }] }))).toEqual(expected.map((text) => `${inClaim}: ${text}`))
  })

  it('refuse expressions that could cost too much', () => {
    const expression = Array.from({ length: 4 }, (_, depth) => `device.attributes.all(k${depth}, `).join('') + 'true' + ')'.repeat(4)
    expect(errorsOf(deviceClassKind, { apiVersion, kind: 'DeviceClass', metadata: { name: 'x' }, spec: { selectors: [{ cel: { expression } }, {}], extendedResourceName: 'cpu' } })).toEqual([
      'spec.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit',
      'spec.selectors[1].cel: Required value',
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ])
  })
})

describe('resource slices', () => {
  const slice = (spec: Partial<ResourceSliceSpec>): ResourceSlice => ({ apiVersion, kind: 'ResourceSlice', metadata: { name: 'x' }, spec: { driver: 'gpu.example.com', nodeName: 'worker-1', pool: { name: 'worker-1', generation: 1, resourceSliceCount: 1 }, ...spec } })
  const device = (more: Partial<Device>): Partial<ResourceSliceSpec> => ({ devices: [{ name: 'gpu-0', ...more }] })
  const here = 'spec.devices[0]'

  it.each<[string, Partial<ResourceSliceSpec>, string[]]>([
    ['a good one', device({ attributes: { model: { string: 'a' }, 'example.com/v': { version: '1.2.3-rc.1' } }, capacity: { memory: { value: '40Gi' } } }), []],
    ['nowhere', { nodeName: undefined as never, allNodes: false }, [
      'spec.allNodes: Invalid value: false: must be either unset or set to true',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ]],
    ['in two places', { allNodes: true }, ['spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set']],
    ['a bad pool', { pool: { name: '', generation: -1, resourceSliceCount: 0 } }, [
      'spec.pool.name: Required value',
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
    ]],
    ['bad attributes', device({ attributes: { a: {}, b: { bool: true, int: 1 }, v: { version: '1' }, '/x': { int: 1 } } }), [
      `${here}.attributes: Invalid value: "": the domain must not be empty`,
      `${here}.attributes[a]: Invalid value: "": exactly one value must be specified`,
      `${here}.attributes[b]: Invalid value: {"bool":true,"int":1}: exactly one value must be specified`,
      `${here}.attributes[v].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0`,
    ]],
    ['a device that places itself', device({ nodeName: 'a' }), [`${here}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`]],
    ['a policy for one', device({ capacity: { memory: { value: '1Gi', requestPolicy: {} } } }), [`${here}.capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true`]],
    ['a policy in steps', device({ allowMultipleAllocations: true, capacity: { memory: { value: '10', requestPolicy: { default: '4', validRange: { min: '1', max: '12', step: '2' } } } } }), [
      `${here}.capacity[memory].requestPolicy.validRange.max: Invalid value: "12": max is larger than capacity value: 10`,
      `${here}.capacity[memory].requestPolicy.validRange.step: Invalid value: "4": value is not a multiple of a given step (2) from (1)`,
      `${here}.capacity[memory].requestPolicy.validRange.step: Invalid value: "12": value is not a multiple of a given step (2) from (1)`,
    ]],
    ['a policy of options', device({ allowMultipleAllocations: true, capacity: { memory: { value: '10', requestPolicy: { default: '3', validValues: ['4', '2', '20'] } } } }), [
      `${here}.capacity[memory].requestPolicy.validValues[1]: Invalid value: "2": values must be sorted in ascending order`,
      `${here}.capacity[memory].requestPolicy.validValues[2]: Invalid value: "20": option is larger than capacity value: 10`,
      `${here}.capacity[memory].requestPolicy.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
    ]],
    ['conditions that overlap', device({ bindingConditions: ['a'], bindingFailureConditions: ['a'] }), [`${here}.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions`]],
    ['a bad taint', device({ taints: [{ key: '', effect: 'Maybe' }] }), [
      `${here}.taints[0].key: Invalid value: "": name part must be non-empty`,
      `${here}.taints[0].key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      `${here}.taints[0].effect: Unsupported value: "Maybe": supported values: "NoExecute", "NoSchedule", "None"`,
    ]],
  ])('%s', (_, spec, expected) => expect(errorsOf(resourceSliceKind, slice(spec))).toEqual(expected))

  it('stay with their driver, pool and node, and count their changes', () => {
    expect(updateErrorsOf(resourceSliceKind, slice({ driver: 'other.example.com', nodeName: 'worker-2' }), slice({}))).toEqual(['spec.driver: Invalid value: "other.example.com": field is immutable', 'spec.nodeName: Invalid value: "worker-2": field is immutable'])
    expect(made(resourceSliceKind, slice(device({ taints: [{ key: 'k', effect: 'NoSchedule' }] }))).spec.devices?.[0]?.taints?.[0]?.timeAdded).toBe('1970-01-01T00:00:00Z')
    expect(rowOf(resourceSliceKind, slice({}))).toMatchObject({ Node: 'worker-1', Driver: 'gpu.example.com', Pool: 'worker-1' })
  })
})
