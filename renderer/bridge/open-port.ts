import type { FramePort } from '../../preload/contract/frames.ts'
import { webSocketPort } from './web-socket-port.ts'

/** Electron's port when the preload gave one, else the Node shell's WebSocket beside this page. */
export function openPort(): FramePort {
  return window.orrery ?? webSocketPort(bridgeUrl(window.location))
}

/** `/bridge?token=…` of the server that served the page; the token came with the page's own address. */
export function bridgeUrl(location: { readonly protocol: string; readonly host: string; readonly search: string }): string {
  const token = new URLSearchParams(location.search).get('token') ?? ''
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/bridge?token=${encodeURIComponent(token)}`
}
