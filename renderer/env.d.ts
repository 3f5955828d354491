import type { FramePort } from '../preload/contract/frames.ts'

declare global {
  interface Window {
    /** Set by Electron's preload. */
    readonly orrery?: FramePort
  }
}
