/** What travels between DNS clients and servers: a question, and its answer, by value. */
export interface DnsQuestion {
  /** Without the final dot; case does not matter. */
  readonly name: string
  /** 'A' | 'AAAA' | 'SRV' | 'PTR' | 'TXT' | 'CNAME' … */
  readonly type: string
}

export interface DnsRecord {
  readonly name: string
  readonly type: string
  /** Seconds. */
  readonly ttl: number
  /** As text: an address, a name, `priority weight port target` for SRV. */
  readonly data: string
}

export interface DnsReply {
  readonly status: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED'
  readonly answers: readonly DnsRecord[]
}

export interface DnsFrame {
  readonly question: DnsQuestion
}
