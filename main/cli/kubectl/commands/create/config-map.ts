import { encodeBase64 } from '../../../../api/machinery/codec/base64.ts'
import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'
import { dataFlags, readEntries } from './data-files.ts'
import { suffixed } from './hash-suffix.ts'

export const createConfigMapCommand: Command = {
  name: 'configmap',
  aliases: ['cm'],
  use: 'create configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
  short: 'Create a config map from a local file, directory or literal value',
  flags: [...createFlags, ...dataFlags],
  async run(context) {
    const name = nameArgument(context)
    const entries = await readEntries(context, 'ConfigMap')
    const data: Record<string, string> = {}
    const binaryData: Record<string, string> = {}
    for (const key of [...entries.keys()].sort()) {
      const text = utf8(entries.get(key)!)
      if (text === undefined) binaryData[key] = encodeBase64(entries.get(key)!)
      else data[key] = text
    }
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      ...(Object.keys(data).length > 0 ? { data } : {}),
      ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
    }
    const shown = context.flags.bool('append-hash') ? suffixed(object, { kind: 'ConfigMap', name, data, ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}) }) : object
    await createMade(context, { object: shown as never, namespaced: true, failure: 'failed to create configmap' })
  },
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
