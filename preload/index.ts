import { contextBridge, ipcRenderer } from 'electron'
import type { FramePort, LabFrame, WindowFrame } from './contract/frames.ts'

/** The only channel between window and shell; both directions carry frames of the contract. */
const channel = 'orrery:frame'

let handler: ((frame: LabFrame) => void) | undefined
const early: LabFrame[] = []
ipcRenderer.on(channel, (_event, frame: LabFrame) => {
  if (handler) handler(frame)
  else early.push(frame)
})

const port: FramePort = {
  send: (frame: WindowFrame) => ipcRenderer.send(channel, frame),
  onFrame: (next) => {
    handler = next
    for (const frame of early.splice(0)) next(frame)
  },
  onState: (tell) => tell('open'),
}

contextBridge.exposeInMainWorld('orrery', port)
