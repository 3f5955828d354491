const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A virtual moment's time of day in UTC: `04:19:50`, with `fraction` digits. */
export function clockText(timeMs: number, fraction = 0): string {
  const iso = new Date(Math.floor(timeMs)).toISOString()
  return iso.slice(11, fraction > 0 ? 20 + fraction : 19)
}

export function dateText(timeMs: number): string {
  return new Date(Math.floor(timeMs)).toISOString().slice(0, 10)
}

/** How old something is, as kubectl says it: `45s`, `3m12s`, `5h10m`, `2d3h`, `40d`. */
export function ageText(ageMs: number): string {
  const seconds = Math.floor(ageMs / second)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return withRest(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`
}

/** Since an RFC 3339 timestamp; '' when there is none. */
export function ageSince(timestamp: string | undefined, now: number): string {
  return timestamp ? ageText(now - Date.parse(timestamp)) : ''
}

/** A length of time with three digits or so: `340 µs`, `12.4 ms`, `3.20 s`, `2m05s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 0.0005) return '0 ms'
  if (durationMs < 1) return `${Math.round(durationMs * 1000)} µs`
  if (durationMs < 100) return `${durationMs.toFixed(1)} ms`
  if (durationMs < second) return `${Math.round(durationMs)} ms`
  if (durationMs < minute) return `${(durationMs / second).toFixed(2)} s`
  if (durationMs < hour) return `${Math.floor(durationMs / minute)}m${String(Math.floor((durationMs % minute) / second)).padStart(2, '0')}s`
  return `${Math.floor(durationMs / hour)}h${String(Math.floor((durationMs % hour) / minute)).padStart(2, '0')}m`
}

/** How long the lab has lived: `0:03:12`, `2d 04:11:09`. */
export function elapsedText(elapsedMs: number): string {
  const days = Math.floor(elapsedMs / day)
  const rest = Math.max(0, elapsedMs % day)
  const text = [Math.floor(rest / hour), Math.floor((rest % hour) / minute), Math.floor((rest % minute) / second)].map((part) => String(part).padStart(2, '0')).join(':')
  return days > 0 ? `${days}d ${text}` : text
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`
}
