import '../design/tokens.css'
import '../design/base.css'
import { createPinia } from 'pinia'
import { createApp, type App } from 'vue'
import { bridgeOver } from '../../preload/contract/bridge.ts'
import type { FramePort } from '../../preload/contract/frames.ts'
import { useBridge } from '../bridge/bridge.ts'
import Window from './Window.vue'

/** Mounts the window over a port to a lab. */
export function startWindow(port: FramePort, selector: string): App {
  useBridge(bridgeOver(port))
  const app = createApp(Window)
  app.use(createPinia())
  app.mount(selector)
  return app
}
