import type { Secret } from '../../api/generated/types.ts'
import { decodeBytes } from './environment.ts'
import { parseImageName } from './image-name.ts'

export interface RegistryCredential {
  readonly username: string
  readonly password: string
}

interface AuthEntry {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
}

/** The credentials in image pull secrets that are meant for the image's registry, most specific first. Secrets that cannot
 *  be read are skipped. */
export function registryCredentials(image: string, secrets: readonly Secret[]): RegistryCredential[] {
  const name = parseImageName(image)
  if (typeof name === 'string') return []
  const found: { readonly prefix: string; readonly credential: RegistryCredential }[] = []
  for (const secret of secrets) {
    for (const [registry, entry] of Object.entries(authsOf(secret))) {
      const prefix = registry.replace(/^https?:\/\//, '').replace(/\/v[12]\/?$/, '').replace(/\/$/, '').replace(/^index\.docker\.io/, 'docker.io')
      if (name.repository !== prefix && !name.repository.startsWith(`${prefix}/`)) continue
      const credential = credentialOf(entry)
      if (credential) found.push({ prefix, credential })
    }
  }
  return found.sort((a, b) => b.prefix.length - a.prefix.length).map(({ credential }) => credential)
}

function authsOf(secret: Secret): Readonly<Record<string, AuthEntry>> {
  const json = secret.data?.['.dockerconfigjson']
  const legacy = secret.data?.['.dockercfg']
  try {
    if (json) return (JSON.parse(new TextDecoder().decode(decodeBytes(json))) as { auths?: Record<string, AuthEntry> }).auths ?? {}
    if (legacy) return JSON.parse(new TextDecoder().decode(decodeBytes(legacy))) as Record<string, AuthEntry>
  } catch {
    return {}
  }
  return {}
}

function credentialOf(entry: AuthEntry): RegistryCredential | undefined {
  if (entry.username !== undefined) return { username: entry.username, password: entry.password ?? '' }
  if (!entry.auth) return undefined
  const text = new TextDecoder().decode(decodeBytes(entry.auth))
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
