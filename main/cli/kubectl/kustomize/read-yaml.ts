import { parse } from 'yaml'
import { parseYaml } from '../../../api/machinery/codec/yaml.ts'

/** One YAML document as kustomize reads it: by YAML 1.2, where `y` and `on` are words. Throws DecodeError. */
export function readYaml(text: string): unknown {
  try {
    return parse(text, { version: '1.2', uniqueKeys: false, merge: true, logLevel: 'error' })
  } catch {
    return parseYaml(text, 'last wins')
  }
}
