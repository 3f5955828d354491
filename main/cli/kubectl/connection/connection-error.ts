/** The server could not be reached; the message is kubectl's own sentence, printed as it is. */
export class ConnectionError extends Error {}

export function connectionErrorText(server: string, code: string | undefined, message: string): string {
  const url = new URL(server)
  const host = url.port ? `${url.hostname}:${url.port}` : url.hostname
  if (code === 'ECONNREFUSED') return `The connection to the server ${host} was refused - did you specify the right host or port?`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Unable to connect to the server: dial tcp: lookup ${url.hostname}: no such host`
  if (code === 'ETIMEDOUT') return `Unable to connect to the server: dial tcp ${host}: i/o timeout`
  if (code === 'SELF_SIGNED_CERT_IN_CHAIN' || code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' || code === 'DEPTH_ZERO_SELF_SIGNED_CERT' || code === 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY') {
    return 'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority'
  }
  return `Unable to connect to the server: ${message}`
}
