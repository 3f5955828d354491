import { compactJson } from '../../printing/go-json.ts'
import { sha256 } from '../../random.node.ts'

const letters: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' }

/** The object with kustomize's hash of its content behind its name. */
export function suffixed<T extends { metadata: { name: string } }>(object: T, content: object): T {
  return { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-${hashSuffix(content)}` } }
}

/** Ten letters for the content, none of which make words. */
export function hashSuffix(content: object): string {
  return [...sha256(compactJson(content)).slice(0, 10)].map((letter) => letters[letter] ?? letter).join('')
}
