import { startWindow } from './app/start.ts'
import { openPort } from './bridge/open-port.ts'

startWindow(openPort(), '#app')
