import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { CliError } from '../cli-error.ts'
import type { Environment } from '../../streams.ts'
import type { FlagValues } from '../flags.ts'
import { mergeConfigs, type ConfigFile, type KubeConfig, type NamedCluster, type NamedUser, type ServerAccess } from './kubeconfig.ts'

/** Paths that KUBECONFIG or --kubeconfig name, or the default one. */
export function configPaths(flags: FlagValues, environment: Environment): string[] {
  const explicit = flags.text('kubeconfig')
  if (explicit) return [resolve(environment.workingFolder, explicit)]
  const listed = environment.variables.KUBECONFIG
  if (listed) return listed.split(':').filter((path) => path !== '').map((path) => resolve(environment.workingFolder, path))
  return [join(environment.homeFolder, '.kube', 'config')]
}

/** Reads the files that exist. An explicitly named file has to. */
export function loadConfigs(flags: FlagValues, environment: Environment, mustExist = true): ConfigFile[] {
  const explicit = flags.text('kubeconfig')
  if (mustExist && explicit && !existsSync(configPaths(flags, environment)[0]!)) throw new CliError(`stat ${explicit}: no such file or directory`)
  return configPaths(flags, environment).filter((path) => existsSync(path)).map((path) => {
    try {
      return { path, config: absolutePaths((parse(readFileSync(path, 'utf8')) as KubeConfig | null) ?? {}, dirname(path)) }
    } catch (error) {
      throw new CliError(`error loading config file "${path}": ${(error as Error).message.split('\n')[0]}`)
    }
  })
}

/** Rewrites one kubeconfig file. */
export function changeConfigFile(path: string, change: (file: KubeConfig) => KubeConfig): void {
  const file = existsSync(path) ? ((parse(readFileSync(path, 'utf8')) as KubeConfig | null) ?? {}) : { apiVersion: 'v1', kind: 'Config' }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, stringify(change(file)), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** What the kubeconfig and the flags say of the server to use. */
export function accessOf(flags: FlagValues, environment: Environment): ServerAccess {
  const config = mergeConfigs(loadConfigs(flags, environment))
  const contextName = flags.text('context') || config['current-context'] || ''
  const context = config.contexts?.find((candidate) => candidate.name === contextName)?.context
  if (contextName && !context) throw new CliError(`Error in configuration: context was not found for specified context: ${contextName}`, { prefixed: false })
  const clusterName = flags.text('cluster') || context?.cluster || ''
  const cluster = config.clusters?.find((candidate) => candidate.name === clusterName)?.cluster ?? {}
  const userName = flags.text('user') || context?.user || ''
  const user = config.users?.find((candidate) => candidate.name === userName)?.user ?? {}
  const server = flags.text('server') || cluster.server || 'http://localhost:8080'
  return {
    server: /^https?:\/\//.test(server) ? server : `http://${server}`,
    namespace: context?.namespace ?? 'default',
    contextName,
    certificateAuthority: pem(cluster['certificate-authority-data'], flags.text('certificate-authority') || cluster['certificate-authority']),
    clientCertificate: pem(user['client-certificate-data'], flags.text('client-certificate') || user['client-certificate']),
    clientKey: pem(user['client-key-data'], flags.text('client-key') || user['client-key']),
    token: flags.text('token') || user.token || (user.tokenFile ? readFileSync(user.tokenFile, 'utf8').trim() : undefined),
    insecure: flags.bool('insecure-skip-tls-verify') || cluster['insecure-skip-tls-verify'] === true,
    serverName: flags.text('tls-server-name') || cluster['tls-server-name'],
  }
}

function pem(data: string | undefined, path: string | undefined): string | undefined {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  if (!path) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new CliError(`unable to read file ${path}: open ${path}: no such file or directory`)
  }
}

function absolutePaths(config: KubeConfig, folder: string): KubeConfig {
  const fix = (path: string | undefined): string | undefined => (path && !isAbsolute(path) ? join(folder, path) : path)
  const clusters = config.clusters?.map((entry: NamedCluster) => ({ ...entry, cluster: withoutUndefined({ ...entry.cluster, 'certificate-authority': fix(entry.cluster?.['certificate-authority']) }) }))
  const users = config.users?.map((entry: NamedUser) => ({ ...entry, user: withoutUndefined({ ...entry.user, 'client-certificate': fix(entry.user?.['client-certificate']), 'client-key': fix(entry.user?.['client-key']) }) }))
  return { ...config, ...(clusters ? { clusters } : {}), ...(users ? { users } : {}) }
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T
}
