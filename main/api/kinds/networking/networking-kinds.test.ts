import { describe, expect, it } from 'vitest'
import type { HTTPIngressPath, Ingress, IngressClass, IngressClassSpec, IngressSpec, IPAddress, NetworkPolicy, NetworkPolicySpec, ServiceCIDR } from '../../generated/types.ts'
import { fieldErrorText, fieldPath } from '../../machinery/field-error.ts'
import { errorsOf, made, updateErrorsOf } from '../testing/life-of.ts'
import { rowOf } from '../testing/row-of.ts'
import { ingressClassKind, isDefaultIngressClass } from './ingress-class.ts'
import { ingressKind } from './ingress.ts'
import { ipAddressKind } from './ip-address.ts'
import { canonicalCidrErrors, canonicalIpErrors, cidrText, ipText, isStrictSubset, parseCidr, parseIp } from './ip-ranges.ts'
import { networkPolicyKind } from './network-policy.ts'
import { serviceCIDRKind } from './service-cidr.ts'

const apiVersion = 'networking.k8s.io/v1'
const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

describe('ingresses', () => {
  const service = (name = 'web'): HTTPIngressPath['backend'] => ({ service: { name, port: { number: 80 } } })
  const ingress = (spec: IngressSpec, annotations?: Record<string, string>): Ingress => ({ apiVersion, kind: 'Ingress', metadata: { name: 'x', namespace: 'n', ...(annotations ? { annotations } : {}) }, spec })
  const withPath = (path: Partial<HTTPIngressPath>): IngressSpec => ({ rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend: service(), ...path }] } }] })
  const path0 = 'spec.rules[0].http.paths[0]'

  it.each<[string, IngressSpec, string[]]>([
    ['a good one', withPath({}), []],
    ['nothing', {}, ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
    ['an address for a host', { rules: [{ host: '1.2.3.4' }] }, ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address']],
    ['a bad wildcard', { rules: [{ host: '*bar' }] }, ["spec.rules[0].host: Invalid value: \"*bar\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\\\*\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')".replaceAll('\\\\', '\\')]],
    ['no paths', { rules: [{ http: { paths: [] } }] }, ['spec.rules[0].http.paths: Required value']],
    ['no path type', withPath({ pathType: undefined as never }), [`${path0}.pathType: Required value: pathType must be specified`]],
    ['an unknown path type', withPath({ pathType: 'Regex' }), [`${path0}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`]],
    ['a crooked path', withPath({ path: 'a//b/..' }), [
      `${path0}.path: Invalid value: "a//b/..": must be an absolute path`,
      `${path0}.path: Invalid value: "a//b/..": must not contain '//'`,
      `${path0}.path: Invalid value: "a//b/..": cannot end with '/..'`,
    ]],
    ['no backend', withPath({ backend: {} }), [`${path0}.backend: Invalid value: "": resource or service backend is required`]],
    ['two backends', withPath({ backend: { ...service(), resource: { kind: 'Bucket', name: 'b' } } }), [`${path0}.backend: Invalid value: "": cannot set both resource and service backends`]],
    ['two ports', { defaultBackend: { service: { name: 'a', port: { name: 'http', number: 80 } } } }, ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number']],
    ['no port', { defaultBackend: { service: { name: 'a' } } }, ['spec.defaultBackend: Required value: port name or number is required']],
    ['a bad reference', { defaultBackend: { resource: { apiGroup: 'A', kind: '', name: 'a/b' } } }, [
      `spec.defaultBackend.resource.apiGroup: Invalid value: "A": ${subdomain}`,
      'spec.defaultBackend.resource.kind: Required value',
      "spec.defaultBackend.resource.name: Invalid value: \"a/b\": may not contain '/'",
    ]],
    ['a bad secret', { ...withPath({}), tls: [{ secretName: 'A' }] }, [`spec.tls[0].secretName: Invalid value: "A": ${subdomain}`]],
  ])('%s', (_, spec, expected) => expect(errorsOf(ingressKind, ingress(spec))).toEqual(expected))

  it('name their class once, or twice alike', () => {
    expect(errorsOf(ingressKind, ingress({ ...withPath({}), ingressClassName: 'a' }, { 'kubernetes.io/ingress.class': 'b' }))).toEqual(['annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified'])
    expect(ingressKind.strategy.warnings?.(ingress(withPath({}), { 'kubernetes.io/ingress.class': 'b' }), undefined)).toEqual(['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'])
  })

  it('show class, hosts, addresses and ports', () => {
    const rules = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'].map((host) => ({ host }))
    const object = { ...ingress({ rules, tls: [{}], ingressClassName: 'nginx' }), status: { loadBalancer: { ingress: [{ ip: '10.0.0.2' }, { hostname: 'a' }, { ip: '10.0.0.1' }] } } }
    expect(rowOf(ingressKind, object)).toMatchObject({ Class: 'nginx', Hosts: 'a.example,b.example,c.example + 2 more...', Address: '10.0.0.1,10.0.0.2,a', Ports: '80, 443' })
    expect(rowOf(ingressKind, ingress(withPath({})))).toMatchObject({ Class: '<none>', Hosts: '*', Address: '', Ports: '80' })
    expect(ingressKind.relations(ingress({ ...withPath({}), defaultBackend: service('other'), tls: [{ secretName: 's' }] })).map(({ role, name }) => `${role} ${name}`)).toEqual(['backend other', 'backend web', 'certificate s'])
  })

  it('check what a load balancer reports', () => {
    const [status] = ingressKind.subresources
    const object = { ...ingress(withPath({})), status: { loadBalancer: { ingress: [{ ip: 'x' }, { hostname: '1.2.3.4' }] } } }
    expect(status?.type === 'status' && status.validateUpdate?.(object, object).map(fieldErrorText)).toEqual([
      'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ])
  })
})

describe('ingress classes', () => {
  const ingressClass = (spec: IngressClassSpec, annotations: Record<string, string> = {}): IngressClass => ({ apiVersion, kind: 'IngressClass', metadata: { name: 'x', annotations }, spec })

  it.each<[string, IngressClassSpec, string[]]>([
    ['a good one', { controller: 'example.com/a', parameters: { kind: 'Config', name: 'c' } }, []],
    ['no controller', {}, ['spec.controller: Required value']],
    ['no path', { controller: 'example.com' }, ['spec.controller: Invalid value: "example.com": must be a domain-prefixed path (such as "acme.io/foo")']],
    ['a strange path', { controller: 'example.com/ ' }, ["spec.controller: Invalid value: \" \": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"]],
    ['a namespace too few', { controller: 'example.com/a', parameters: { kind: 'K', name: 'c', scope: 'Namespace' } }, ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]],
    ['a namespace too many', { controller: 'example.com/a', parameters: { kind: 'K', name: 'c', namespace: 'n' } }, ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]],
  ])('%s', (_, spec, expected) => expect(errorsOf(ingressClassKind, ingressClass(spec))).toEqual(expected))

  it('keep their controller', () => {
    expect(updateErrorsOf(ingressClassKind, ingressClass({ controller: 'example.com/b' }), ingressClass({ controller: 'example.com/a' }))).toEqual(['spec.controller: Invalid value: "example.com/b": field is immutable'])
    expect(isDefaultIngressClass(ingressClass({}, { 'ingressclass.kubernetes.io/is-default-class': 'true' }))).toBe(true)
    expect(rowOf(ingressClassKind, ingressClass({ controller: 'example.com/a', parameters: { apiGroup: 'g', kind: 'K', name: 'c' } }))).toMatchObject({ Controller: 'example.com/a', Parameters: 'K.g/c' })
  })
})

describe('network policies', () => {
  const policy = (spec: Partial<NetworkPolicySpec> = {}): NetworkPolicy => ({ apiVersion, kind: 'NetworkPolicy', metadata: { name: 'x' }, spec: { podSelector: {}, ...spec } })

  it('get their defaults', () => {
    expect(made(networkPolicyKind, policy()).spec?.policyTypes).toEqual(['Ingress'])
    expect(made(networkPolicyKind, policy({ egress: [{ ports: [{ port: 53 }] }] })).spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ protocol: 'TCP' }] }] })
    expect(rowOf(networkPolicyKind, policy({ podSelector: { matchLabels: { a: 'b' } } }))).toMatchObject({ 'Pod-Selector': 'a=b' })
    expect(rowOf(networkPolicyKind, policy())).toMatchObject({ 'Pod-Selector': '<none>' })
  })

  it.each<[string, Partial<NetworkPolicySpec>, string[]]>([
    ['an empty peer', { ingress: [{ from: [{}] }] }, ['spec.ingress[0].from[0]: Required value: must specify a peer']],
    ['a block and another peer', { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] }, ['spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer']],
    ['blocks', { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['10.1.0.0/16', '10.0.0.0/8', '11.0.0.0/16', 'x'] } }] }] }, [
      'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      'spec.egress[0].to[0].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      'spec.egress[0].to[0].ipBlock.except[2]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      'spec.egress[0].to[0].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ]],
    ['ports', { ingress: [{ ports: [{ protocol: 'ICMP', port: 80, endPort: 79 }, { port: 'http', endPort: 90 }, { endPort: 90 }] }] }, [
      'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      'spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`',
      'spec.ingress[0].ports[1].endPort: Invalid value: 90: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[2].endPort: Invalid value: 90: may not be specified when `port` is not specified',
    ]],
    ['types', { policyTypes: ['Both'] }, ['spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"']],
  ])('%s', (_, spec, expected) => expect(errorsOf(networkPolicyKind, policy(spec))).toEqual(expected))

  it('keep odd ranges that they had', () => {
    const odd = (cidr: string): NetworkPolicy => policy({ ingress: [{ from: [{ ipBlock: { cidr } }] }] })
    expect(updateErrorsOf(networkPolicyKind, odd('10.0.0.1/8'), odd('10.0.0.1/8'))).toEqual([])
    expect(updateErrorsOf(networkPolicyKind, odd('10.0.0.2/8'), odd('10.0.0.1/8'))).toHaveLength(1)
    expect(networkPolicyKind.strategy.warnings?.(odd('2001:DB8::/32'), undefined)).toEqual(['spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")'])
  })
})

describe('addresses and ranges', () => {
  it.each([
    ['10.0.0.1', []],
    ['010.0.0.1', ['must not have leading 0s']],
    ['::ffff:10.0.0.1', ['must not be an IPv4-mapped IPv6 address']],
    ['2001:db8:0:0:1:0:0:1', ['must be in canonical form ("2001:db8::1:0:0:1")']],
    ['1:0:2::', []],
    ['10.0.0', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ['1::2::3', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ])('the address %s', (text, expected) => expect(canonicalIpErrors(text)).toEqual(expected))

  it.each([
    ['::', '::'], ['::1', '::1'], ['1::', '1::'], ['0:0:1:0:0:0:0:1', '0:0:1::1'], ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'], ['fe80::1.2.3.4', 'fe80::102:304'],
  ])('%s is written %s', (text, expected) => expect(ipText(parseIp(text)!)).toBe(expected))

  it('compares and masks ranges', () => {
    expect(cidrText(parseCidr('10.1.2.3/8')!)).toBe('10.0.0.0/8')
    expect(canonicalCidrErrors('2001:DB8::/32', fieldPath('x')).map(fieldErrorText)).toEqual(['x: Invalid value: "2001:DB8::/32": must be in canonical form ("2001:db8::/32")'])
    expect(isStrictSubset(parseCidr('2001:db8::/48')!, parseCidr('2001:db8::/32')!)).toBe(true)
    expect(isStrictSubset(parseCidr('10.0.0.0/8')!, parseCidr('::/0')!)).toBe(false)
    expect(parseCidr('10.0.0.0/33')).toBeUndefined()
  })

  it('belong to somebody', () => {
    const address = (parentRef: IPAddress['spec']['parentRef'] | undefined, name = '10.96.0.1'): IPAddress => ({ apiVersion, kind: 'IPAddress', metadata: { name }, spec: { parentRef: parentRef as never } })
    expect(errorsOf(ipAddressKind, address(undefined))).toEqual(['spec.parentRef: Required value'])
    expect(errorsOf(ipAddressKind, address({ resource: '', name: '' }))).toEqual(['spec.parentRef.resource: Required value', 'spec.parentRef.name: Required value'])
    const owned = address({ resource: 'services', namespace: 'default', name: 'kubernetes' })
    expect(rowOf(ipAddressKind, owned)).toEqual({ Name: '10.96.0.1', ParentRef: 'services/default/kubernetes' })
    expect(updateErrorsOf(ipAddressKind, address({ resource: 'services', name: 'other' }), owned)).toHaveLength(1)
  })

  it('come from service ranges', () => {
    const range = (...cidrs: string[]): ServiceCIDR => ({ apiVersion, kind: 'ServiceCIDR', metadata: { name: 'x' }, spec: { cidrs } })
    expect(errorsOf(serviceCIDRKind, range())).toEqual(['spec.cidrs: Required value: at least one CIDR required'])
    expect(errorsOf(serviceCIDRKind, range('10.0.0.0/24', '10.1.0.0/24'))).toEqual(['spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'])
    expect(errorsOf(serviceCIDRKind, range('10.0.0.0/24', '2001:db8::/64'))).toEqual([])
    expect(updateErrorsOf(serviceCIDRKind, range('10.0.0.0/24', '2001:db8::/64'), range('10.0.0.0/24'))).toEqual([])
    expect(updateErrorsOf(serviceCIDRKind, range('10.1.0.0/24'), range('10.0.0.0/24'))).toEqual(['spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable'])
    expect(rowOf(serviceCIDRKind, range('10.0.0.0/24', '2001:db8::/64'))).toMatchObject({ CIDRs: '10.0.0.0/24,2001:db8::/64' })
  })
})
