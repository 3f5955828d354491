/** The channels of exec and attach over a WebSocket, to and from the simulation's frames. */
import type { StreamFrame } from '../../../node/kubelet/streams.ts'

/** How messages are written: bytes with the channel first, or text with the channel's digit and base64. */
export interface ChannelProtocol {
  readonly name: string
  readonly base64: boolean
  /** Whether the error channel carries a Status (from version 4 on) or its message. */
  readonly statusErrors: boolean
  /** Whether channel 255 closes one (version 5). */
  readonly closes: boolean
}

/** In the order of preference. */
export const channelProtocols: readonly ChannelProtocol[] = [
  { name: 'v5.channel.k8s.io', base64: false, statusErrors: true, closes: true },
  { name: 'v4.channel.k8s.io', base64: false, statusErrors: true, closes: false },
  { name: 'v4.base64.channel.k8s.io', base64: true, statusErrors: true, closes: false },
  { name: 'channel.k8s.io', base64: false, statusErrors: false, closes: false },
  { name: 'base64.channel.k8s.io', base64: true, statusErrors: false, closes: false },
]

const numbers = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const
const closeChannel = 255
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The message for a frame, bytes for binary protocols and text for base64 ones; undefined for frames that clients do not get. */
export function encodeChannel(frame: StreamFrame, protocol: ChannelProtocol): Uint8Array | string | undefined {
  if (frame.channel !== 'stdout' && frame.channel !== 'stderr' && frame.channel !== 'error') return undefined
  return packChannel(numbers[frame.channel], frame.channel === 'error' ? encoder.encode(errorText(frame, protocol)) : frame.bytes, protocol)
}

/** Bytes of one channel as a message. */
export function packChannel(channel: number, bytes: Uint8Array, protocol: ChannelProtocol): Uint8Array | string {
  if (protocol.base64) return `${channel}${base64(bytes)}`
  const message = new Uint8Array(bytes.length + 1)
  message[0] = channel
  message.set(bytes, 1)
  return message
}

/** The channel and bytes of a message; undefined for one that has none. */
export function unpackChannel(message: Uint8Array, protocol: ChannelProtocol): { readonly channel: number; readonly payload: Uint8Array } | undefined {
  if (message.length === 0) return undefined
  const payload = protocol.base64 ? unbase64(decoder.decode(message.subarray(1))) : message.slice(1)
  return payload && { channel: protocol.base64 ? message[0]! - 48 : message[0]!, payload }
}

function errorText(frame: Extract<StreamFrame, { channel: 'error' }>, protocol: ChannelProtocol): string {
  if (protocol.statusErrors) return JSON.stringify(frame.status)
  return frame.status.status === 'Success' ? '' : (frame.status.message ?? '')
}

/** The frame of a client's message; undefined for one that means nothing. */
export function decodeChannel(message: Uint8Array, protocol: ChannelProtocol): StreamFrame | undefined {
  const found = unpackChannel(message, protocol)
  if (!found) return undefined
  const { channel, payload } = found
  if (channel === closeChannel && protocol.closes) return payload[0] === numbers.stdin ? { channel: 'close', of: 'stdin' } : undefined
  if (channel === numbers.stdin) return { channel: 'stdin', bytes: payload }
  return channel === numbers.resize ? resizeFrame(payload) : undefined
}

/** `{"Width":80,"Height":24}` */
export function resizeFrame(payload: Uint8Array): StreamFrame | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(decoder.decode(payload)) as { Width?: unknown; Height?: unknown }
    return typeof width === 'number' && typeof height === 'number' ? { channel: 'resize', size: { width, height } } : undefined
  } catch {
    return undefined
  }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let from = 0; from < bytes.length; from += 8_192) text += String.fromCharCode(...bytes.subarray(from, from + 8_192))
  return btoa(text)
}

function unbase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
