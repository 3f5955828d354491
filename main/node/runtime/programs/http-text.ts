/** Small texts that web servers share: dates and content types. */

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (value: number): string => String(value).padStart(2, '0')

/** `Mon, 23 Nov 2026 04:14:00 GMT`. */
export function httpDate(time: number): string {
  const date = new Date(time)
  return `${days[date.getUTCDay()]}, ${two(date.getUTCDate())} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()} ${clockTime(date)} GMT`
}

/** `23/Nov/2026:04:14:00 +0000`. */
export function logDate(time: number): string {
  const date = new Date(time)
  return `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${clockTime(date)} +0000`
}

/** `Mon Nov 23 04:14:00 2026`, the day padded with a blank, as asctime has it. */
export function asciiTime(time: number): string {
  const date = new Date(time)
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, ' ')} ${clockTime(date)} ${date.getUTCFullYear()}`
}

function clockTime(date: Date): string {
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
}

export const dayNames: readonly string[] = days
export const monthNames: readonly string[] = months

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  txt: 'text/plain',
  xml: 'text/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  pdf: 'application/pdf',
  wasm: 'application/wasm',
}

export function contentTypeOf(path: string, fallback: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  return (dot >= 0 ? types[name.slice(dot + 1).toLowerCase()] : undefined) ?? fallback
}
