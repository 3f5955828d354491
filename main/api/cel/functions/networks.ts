/** Kubernetes' IP and CIDR libraries. */
import { quote } from '../../machinery/go-text.ts'
import { cidrText, ipText, isIpv4Mapped, maskedNetwork, networkContains, parseCidr, parseIp } from '../addresses.ts'
import type { IpAddress, IpNetwork } from '../addresses.ts'
import { boolType, intType, opaqueType, stringType } from '../types.ts'
import { EvaluationError, Opaque } from '../values.ts'
import type { CelValue } from '../values.ts'
import { global, member } from './overload.ts'
import type { Library } from './overload.ts'

export const ipType = opaqueType('net.IP')
export const cidrType = opaqueType('net.CIDR')

export class IpValue extends Opaque {
  readonly type = ipType
  readonly address: IpAddress

  constructor(address: IpAddress) {
    super()
    this.address = address
  }

  equals(other: Opaque): boolean {
    return other instanceof IpValue && other.address.family === this.address.family && other.address.bits === this.address.bits
  }

  /** Bytes, for costs. */
  get size(): number {
    return this.address.family === 4 ? 4 : 16
  }
}

export class CidrValue extends Opaque {
  readonly type = cidrType
  readonly network: IpNetwork

  constructor(network: IpNetwork) {
    super()
    this.network = network
  }

  equals(other: Opaque): boolean {
    return other instanceof CidrValue && cidrText(other.network) === cidrText(this.network)
  }

  get size(): number {
    return Math.ceil(this.network.prefixLength / 8)
  }
}

function ipOf(text: string): IpAddress | EvaluationError {
  if (text.includes('%')) return new EvaluationError(`IP address ${quote(text)} with zone value is not allowed`)
  const address = parseIp(text)
  if (!address) return new EvaluationError(`IP Address ${quote(text)} parse error during conversion from string: ParseAddr(${quote(text)}): unable to parse IP`)
  return isIpv4Mapped(address) ? new EvaluationError(`IPv4-mapped IPv6 address ${quote(text)} is not allowed`) : address
}

function cidrOf(text: string): IpNetwork | EvaluationError {
  const network = parseCidr(text)
  if (!network) return new EvaluationError(`network address parse error during conversion from string: CIDR ${quote(text)} parse error during conversion from string: netip.ParsePrefix(${quote(text)}): ${text.includes('/') ? 'ParseAddr: unable to parse IP' : "no '/'"}`)
  return isIpv4Mapped(network.address) ? new EvaluationError(`network address parse error during conversion from string: IPv4-mapped IPv6 address ${quote(text)} is not allowed`) : network
}

function made<T>(found: T | EvaluationError, make: (value: T) => CelValue): CelValue {
  return found instanceof EvaluationError ? found : make(found)
}

function inRange(address: IpAddress, ...networks: readonly string[]): boolean {
  return networks.some((text) => networkContains(parseCidr(text)!, address))
}

function containsNetwork(outer: IpNetwork, inner: IpNetwork): boolean {
  return outer.prefixLength <= inner.prefixLength && networkContains(outer, maskedNetwork(inner).address)
}

function isGlobalUnicast(address: IpAddress): boolean {
  return !inRange(address, '0.0.0.0/32', '255.255.255.255/32', '127.0.0.0/8', '224.0.0.0/4', '169.254.0.0/16', '::/128', '::1/128', 'ff00::/8', 'fe80::/10')
}

export function networkLibrary(): Library {
  const test = (name: string, id: string, run: (address: IpAddress) => boolean): ReturnType<typeof member> => member(name, id, [ipType], boolType, ({ address }: IpValue) => run(address))
  return {
    types: [ipType, cidrType],
    overloads: [
      global('ip', 'string_to_ip', [stringType], ipType, (text: string) => made(ipOf(text), (address) => new IpValue(address))),
      global('isIP', 'is_ip', [stringType], boolType, (text: string) => !(ipOf(text) instanceof EvaluationError)),
      global('ip.isCanonical', 'ip_is_canonical', [stringType], boolType, (text: string) => made(ipOf(text), (address) => ipText(address) === text)),
      member('family', 'ip_family', [ipType], intType, ({ address }: IpValue) => BigInt(address.family)),
      test('isUnspecified', 'ip_is_unspecified', (address) => address.bits === 0n),
      test('isLoopback', 'ip_is_loopback', (address) => inRange(address, '127.0.0.0/8', '::1/128')),
      test('isLinkLocalMulticast', 'ip_is_link_local_multicast', (address) => (address.family === 4 ? inRange(address, '224.0.0.0/24') : (address.bits >> 120n) === 0xffn && ((address.bits >> 112n) & 0xfn) === 2n)),
      test('isLinkLocalUnicast', 'ip_is_link_local_unicast', (address) => inRange(address, '169.254.0.0/16', 'fe80::/10')),
      test('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
      global('string', 'ip_to_string', [ipType], stringType, ({ address }: IpValue) => ipText(address)),
      global('cidr', 'string_to_cidr', [stringType], cidrType, (text: string) => made(cidrOf(text), (network) => new CidrValue(network))),
      global('isCIDR', 'is_cidr', [stringType], boolType, (text: string) => !(cidrOf(text) instanceof EvaluationError)),
      member('containsIP', 'cidr_contains_ip_string', [cidrType, stringType], boolType, ({ network }: CidrValue, text: string) => made(ipOf(text), (address) => networkContains(network, address))),
      member('containsIP', 'cidr_contains_ip_ip', [cidrType, ipType], boolType, ({ network }: CidrValue, { address }: IpValue) => networkContains(network, address)),
      member('containsCIDR', 'cidr_contains_cidr_string', [cidrType, stringType], boolType, ({ network }: CidrValue, text: string) => made(cidrOf(text), (inner) => containsNetwork(network, inner))),
      member('containsCIDR', 'cidr_contains_cidr', [cidrType, cidrType], boolType, ({ network }: CidrValue, inner: CidrValue) => containsNetwork(network, inner.network)),
      member('ip', 'cidr_ip', [cidrType], ipType, ({ network }: CidrValue) => new IpValue(network.address)),
      member('prefixLength', 'cidr_prefix_length', [cidrType], intType, ({ network }: CidrValue) => BigInt(network.prefixLength)),
      member('masked', 'cidr_masked', [cidrType], cidrType, ({ network }: CidrValue) => new CidrValue(maskedNetwork(network))),
      global('string', 'cidr_to_string', [cidrType], stringType, ({ network }: CidrValue) => cidrText(network)),
    ],
  }
}
