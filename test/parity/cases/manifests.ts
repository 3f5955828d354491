import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A manifest of resources/manifests. */
export function manifest(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../../resources/manifests', name), 'utf8')
}

export const deploymentManifest = manifest('nginx-deployment.yaml')
export const podManifest = manifest('nginx-pod.yaml')
export const serviceManifest = manifest('nginx-service.yaml')
export const nodeSelectorManifest = manifest('nginx-node-selector.yaml')
