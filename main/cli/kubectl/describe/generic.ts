import type { KubeObject } from '../../../api/machinery/object.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { Description } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels } from './labels.ts'

/** Describes what has no describer of its own: every field, with a label made of its name. */
export async function describeGeneric(object: KubeObject, around: Surroundings): Promise<string> {
  const events = await eventsOf(object, around)
  const out = new Description()
  out.write(0, `Name:\t${object.metadata.name}\n`)
  out.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`)
  describeLabels(out, 'Labels', object.metadata.labels)
  describeAnnotations(out, 'Annotations', object.metadata.annotations)
  describeFields(out, 0, object as unknown as Readonly<Record<string, unknown>>, '')
  describeEvents(out, events, around.now)
  return out.toString()
}

const shownAbove = ['.metadata.managedFields', '.metadata.name', '.metadata.namespace', '.metadata.labels', '.metadata.annotations']

function describeFields(out: Description, level: number, fields: Readonly<Record<string, unknown>>, above: string): void {
  for (const name of Object.keys(fields).sort(compareBytes)) {
    const path = `${above}.${name}`
    const value = fields[name]
    if (shownAbove.includes(path)) continue
    const label = labelFor(name)
    if (Array.isArray(value)) {
      out.write(level, `${label}:\n`)
      for (const item of value as unknown[]) {
        if (isMap(item)) describeFields(out, level + 1, item, path)
        else out.write(level + 1, `${plainText(item)}\n`)
      }
    } else if (isMap(value)) {
      out.write(level, `${label}:\n`)
      describeFields(out, level + 1, value, path)
    } else out.write(level, `${label}:\t${plainText(value)}\n`)
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Go's %v of what JSON holds. */
function plainText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(plainText).join(' ')}]`
  if (isMap(value)) return `map[${Object.keys(value).sort(compareBytes).map((key) => `${key}:${plainText(value[key])}`).join(' ')}]`
  return String(value)
}

const acronyms = ['API', 'URL', 'UID', 'GUID']

/** `lastTransitionTime` as `Last Transition Time`; names with other than letters and dashes as they are. */
function labelFor(field: string): string {
  if (/[^\p{L}-]/u.test(field)) return field
  return mergeAcronyms(camelWords(field))
    .map((word) => (acronyms.includes(word.toUpperCase()) ? word.toUpperCase() : word.toLowerCase() === word ? titleCase(word) : word))
    .join(' ')
}

/** Runs of one class of characters; the last capital of a run belongs to the lower-case run behind it. */
function camelWords(text: string): string[] {
  return text.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[^\p{Lu}\p{Ll}]+/gu) ?? []
}

/** A word of capitals takes the capitalized word behind it: `CIDRs`-like names stay together, as upstream has them. */
function mergeAcronyms(words: readonly string[]): string[] {
  const merged: string[] = []
  for (let index = 0; index < words.length; index++) {
    const [word, next] = [words[index]!, words[index + 1]]
    if (next && word.length >= 2 && word === word.toUpperCase() && /^\p{Lu}/u.test(next)) {
      merged.push(word + next)
      index++
    } else merged.push(word)
  }
  return merged
}

function titleCase(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
