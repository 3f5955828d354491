import type { ITheme } from '@xterm/xterm'

const dark: ITheme = {
  black: '#1b1f27', red: '#ff7b7b', green: '#5fcf95', yellow: '#e3b260', blue: '#7ba6fa', magenta: '#c79bf5', cyan: '#57c7cc', white: '#c9ced7',
  brightBlack: '#7b8494', brightRed: '#ff9a9a', brightGreen: '#86e0b1', brightYellow: '#f0ca8c', brightBlue: '#a3c1fc', brightMagenta: '#dabdfa', brightCyan: '#86dbde', brightWhite: '#f4f5f7',
}
const light: ITheme = {
  black: '#20242b', red: '#c2262d', green: '#14743f', yellow: '#875500', blue: '#2259c4', magenta: '#7a35bd', cyan: '#0b6f75', white: '#5a626f',
  brightBlack: '#68717f', brightRed: '#a51d24', brightGreen: '#0f6234', brightYellow: '#704700', brightBlue: '#1a4aa8', brightMagenta: '#6527a3', brightCyan: '#095c61', brightWhite: '#171a1f',
}

/** The terminal's colours, from the window's tokens as they are now. */
export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string): string => style.getPropertyValue(name).trim()
  const base = document.documentElement.dataset['theme'] === 'light' ? light : dark
  return { ...base, background: token('--depth-1'), foreground: token('--text'), cursor: token('--accent'), cursorAccent: token('--depth-1'), selectionBackground: token('--accent-quiet') }
}
