export const signalNumbers = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  WINCH: 28,
} as const

export type Signal = keyof typeof signalNumbers

const ignoredByDefault: ReadonlySet<Signal> = new Set<Signal>(['CHLD', 'CONT', 'WINCH', 'STOP', 'TSTP', 'TTIN', 'TTOU'])

/** Whether a process that did not ask for a signal dies of it. Stopping and continuing are not modelled. */
export function endsByDefault(signal: Signal): boolean {
  return !ignoredByDefault.has(signal)
}

/** Reads `15`, `TERM`, `SIGTERM`, `sigterm`; undefined when there is no such signal. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return (Object.keys(signalNumbers) as Signal[]).find((name) => signalNumbers[name] === number)
  }
  const name = text.toUpperCase().replace(/^SIG/, '').replace(/\+\d+$/, '')
  return name in signalNumbers ? (name as Signal) : undefined
}
