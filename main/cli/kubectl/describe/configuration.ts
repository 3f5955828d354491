import type { ConfigMap, Secret, ServiceAccount } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { Description } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels } from './labels.ts'

function head({ metadata }: KubeObject): Description {
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  return out
}

export async function describeConfigMap(map: ConfigMap, around: Surroundings): Promise<string> {
  const events = await eventsOf(map, around)
  const out = head(map)
  out.write(0, '\nData\n====\n')
  for (const key of Object.keys(map.data ?? {}).sort(compareBytes)) out.write(0, `${key}:\n----\n${map.data![key]}\n\n`)
  out.write(0, '\nBinaryData\n====\n')
  for (const key of Object.keys(map.binaryData ?? {}).sort(compareBytes)) out.write(0, `${key}: ${decodedLength(map.binaryData![key]!)} bytes\n`)
  out.write(0, '\n')
  describeEvents(out, events, around.now)
  return out.toString()
}

/** Values are secret: only their lengths show, except for a service account's token. */
export async function describeSecret(secret: Secret): Promise<string> {
  const out = head(secret)
  out.write(0, `\nType:\t${secret.type ?? ''}\n`)
  out.write(0, '\nData\n====\n')
  for (const key of Object.keys(secret.data ?? {}).sort(compareBytes)) {
    const value = secret.data![key]!
    out.write(0, key === 'token' && secret.type === 'kubernetes.io/service-account-token' ? `${key}:\t${atob(value)}\n` : `${key}:\t${decodedLength(value)} bytes\n`)
  }
  return out.toString()
}

function decodedLength(base64: string): number {
  return Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
}

export async function describeServiceAccount(account: ServiceAccount, around: Surroundings): Promise<string> {
  const events = await eventsOf(account, around)
  const out = head(account)
  const names = (account.imagePullSecrets ?? []).map(({ name = '' }) => name)
  if (names.length === 0) out.write(0, 'Image pull secrets:\t<none>\n')
  names.forEach((name, index) => out.write(0, `${index === 0 ? 'Image pull secrets:' : ' '.repeat(19)}\t${name}\n`))
  describeEvents(out, events, around.now)
  return out.toString()
}
