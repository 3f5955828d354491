/** A call to etcd, as far as it changes something: `KV/Txn /registry/pods/default/web` reads `/registry/pods/default/web`; '' for
 *  reads, leases (which are renewed all the time) and calls without a key. */
export function writtenKeyText(text: string): string {
  return /^KV\/(?:Txn|Put|DeleteRange) (\/(?!registry\/leases\/)\S+)/.exec(text)?.[1] ?? ''
}

/** A request line for people, what it is about first: `PUT /apis/apps/v1/namespaces/default/deployments/web/status?x=y` reads
 *  `PUT deployments/web/status in default`. Other texts stay as they are, without their query. */
export function requestText(text: string): string {
  const [line = ''] = text.split('?')
  const match = /^(.*?\b[A-Z]+ )\/(?:api|apis\/[^/]+)\/v\d\w*\/(.+)$/.exec(line)
  if (!match) return line
  const [, start = '', path = ''] = match
  const inNamespace = /^namespaces\/([^/]+)\/(.+)$/.exec(path)
  return inNamespace ? `${start}${inNamespace[2]} in ${inNamespace[1]}` : `${start}${path}`
}
