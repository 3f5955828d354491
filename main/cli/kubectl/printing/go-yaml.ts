import { formatYaml } from '../../../api/machinery/codec/yaml-format.ts'

/** YAML as sigs.k8s.io/yaml writes it. */
export function printYaml(value: unknown): string {
  return formatYaml(value)
}
