import { TabLines } from './tab-lines.ts'

/** The text of a description: lines of tab-separated cells, indented two spaces a level, aligned when it is done or flushed.
 *  Upstream's PrefixWriter on a tabwriter with a minimum width of 0 and a padding of 2. */
export class Description {
  #done = ''
  #text = ''

  /** Text may hold tabs and line ends; only its beginning is indented. */
  write(level: number, text: string): void {
    this.#text += '  '.repeat(level) + escapeControls(text)
  }

  /** A whole line without indentation. */
  line(text: string): void {
    this.#text += `${escapeControls(text)}\n`
  }

  /** Forgets the widths of the columns so far. */
  flush(): void {
    this.#done += TabLines.align(this.#text)
    this.#text = ''
  }

  toString(): string {
    this.flush()
    return this.#done
  }
}

/** What could drive a terminal is shown instead of obeyed. */
function escapeControls(text: string): string {
  return text.replaceAll('\u001b', '^[').replaceAll('\r', '\\r')
}

/** A time as Go's RFC1123Z prints it, in the zone of the machine: `Mon, 02 Jan 2006 15:04:05 +0000`. */
export function timeText(text: string | undefined): string {
  if (!text) return 'Mon, 01 Jan 0001 00:00:00 +0000'
  const at = new Date(Date.parse(text))
  const offset = -at.getTimezoneOffset()
  const local = new Date(at.getTime() + offset * 60_000)
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, '0')
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}${two(Math.abs(offset) % 60)}`
  return `${days[local.getUTCDay()]}, ${two(local.getUTCDate())} ${months[local.getUTCMonth()]} ${local.getUTCFullYear()} ${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ${zone}`
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** How describers show a truth value. */
export function truthText(value: boolean | undefined): string {
  return value === undefined ? '<unset>' : value ? 'True' : 'False'
}
