/** Who asks. */
export interface User {
  readonly name: string
  readonly uid?: string | undefined
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
}

export const anonymousName = 'system:anonymous'
export const unauthenticatedGroup = 'system:unauthenticated'
export const authenticatedGroup = 'system:authenticated'
export const mastersGroup = 'system:masters'
export const nodesGroup = 'system:nodes'
export const nodeUserPrefix = 'system:node:'
export const serviceAccountsGroup = 'system:serviceaccounts'
export const serviceAccountPrefix = 'system:serviceaccount:'

export const anonymous: User = { name: anonymousName, groups: [unauthenticatedGroup] }

/** The server itself, for the requests it makes of itself. */
export const apiserverUser: User = { name: 'system:apiserver', groups: [mastersGroup, authenticatedGroup] }

export function serviceAccountName(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`
}

/** The groups of a service account of that namespace. */
export function serviceAccountGroups(namespace: string): string[] {
  return [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`]
}

/** Namespace and name of a service account's user name, or undefined for other users. */
export function splitServiceAccountName(user: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!user.startsWith(serviceAccountPrefix)) return undefined
  const [namespace, name, ...more] = user.slice(serviceAccountPrefix.length).split(':')
  return namespace && name && more.length === 0 ? { namespace, name } : undefined
}

/** The node's name when the user is a kubelet. */
export function nodeNameOf(user: User): string | undefined {
  return user.name.startsWith(nodeUserPrefix) && user.groups.includes(nodesGroup) ? user.name.slice(nodeUserPrefix.length) : undefined
}
