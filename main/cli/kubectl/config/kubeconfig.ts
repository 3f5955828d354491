/** kubeconfig files, as client-go's clientcmd reads them. */
export interface KubeConfig {
  apiVersion?: string
  kind?: string
  preferences?: object
  clusters?: NamedCluster[]
  contexts?: NamedContext[]
  'current-context'?: string
  users?: NamedUser[]
}
export interface NamedCluster {
  name: string
  cluster: { server?: string; 'certificate-authority'?: string; 'certificate-authority-data'?: string; 'insecure-skip-tls-verify'?: boolean; 'tls-server-name'?: string; 'proxy-url'?: string }
}
export interface NamedContext {
  name: string
  context: { cluster?: string; user?: string; namespace?: string }
}
export interface NamedUser {
  name: string
  user: { 'client-certificate'?: string; 'client-certificate-data'?: string; 'client-key'?: string; 'client-key-data'?: string; token?: string; tokenFile?: string; username?: string; password?: string; exec?: object }
}

/** A kubeconfig file with the folder that its relative paths start from. */
export interface ConfigFile {
  readonly path: string
  readonly config: KubeConfig
}

/** Merges as clientcmd does: the first file that says something of a name wins, the first current-context set wins. */
export function mergeConfigs(files: readonly ConfigFile[]): KubeConfig {
  const merged: Required<Pick<KubeConfig, 'clusters' | 'contexts' | 'users'>> & KubeConfig = { apiVersion: 'v1', kind: 'Config', clusters: [], contexts: [], users: [], 'current-context': '' }
  for (const { config } of files) {
    addMissing(merged.clusters, config.clusters)
    addMissing(merged.contexts, config.contexts)
    addMissing(merged.users, config.users)
    merged['current-context'] ||= config['current-context'] ?? ''
  }
  return merged
}

function addMissing<T extends { name: string }>(into: T[], from: readonly T[] | undefined): void {
  for (const entry of from ?? []) if (!into.some((known) => known.name === entry.name)) into.push(entry)
}

/** Everything needed to reach a server. PEM texts; paths are already read. */
export interface ServerAccess {
  readonly server: string
  readonly namespace: string
  readonly certificateAuthority?: string | undefined
  readonly clientCertificate?: string | undefined
  readonly clientKey?: string | undefined
  readonly token?: string | undefined
  readonly insecure: boolean
  readonly serverName?: string | undefined
  readonly contextName: string
}
