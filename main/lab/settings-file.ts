import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Settings } from '../../preload/contract/settings.ts'

const bytesMax = 64 * 1024

/** The user's settings, kept as JSON. A file that cannot be read counts as empty and is replaced at the next change. */
export class SettingsFile {
  readonly #path: string
  readonly #listeners = new Set<(settings: Settings) => void>()
  #settings: Settings

  constructor(path: string) {
    this.#path = path
    this.#settings = read(path)
  }

  get(): Settings {
    return this.#settings
  }

  /** Merges; a key set to null is removed. Throws when the result is too large to keep. */
  set(changes: Readonly<Record<string, unknown>>): Settings {
    const merged: Record<string, unknown> = { ...this.#settings }
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) delete merged[key]
      else if (key !== '__proto__') merged[key] = value
    }
    const text = `${JSON.stringify(merged, null, 2)}\n`
    if (text.length > bytesMax) throw new Error(`settings of ${text.length} bytes are more than ${bytesMax}`)
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(`${this.#path}.new`, text)
    renameSync(`${this.#path}.new`, this.#path)
    this.#settings = merged as Settings
    for (const listener of this.#listeners) listener(this.#settings)
    return this.#settings
  }

  onChange(listener: (settings: Settings) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function read(path: string): Settings {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Settings) : {}
  } catch {
    return {}
  }
}
