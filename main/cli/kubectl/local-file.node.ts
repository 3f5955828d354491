import { mkdir, writeFile as write } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Writes a text file; a relative path is taken from the folder. The folders on the way are made. */
export async function writeFile(folder: string, path: string, text: string): Promise<void> {
  const place = resolve(folder, path)
  await mkdir(dirname(place), { recursive: true })
  await write(place, text)
}
