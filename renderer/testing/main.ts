import { startWindow } from '../app/start.ts'
import { fakeLab } from './fake-lab.ts'
import { scenario, type ScenarioName } from './scenarios.ts'

/** `?scenario=busy&theme=light&paused`: the window over a made-up lab, for screenshots. */
const query = new URLSearchParams(window.location.search)
const lab = fakeLab(scenario((query.get('scenario') ?? 'standard') as ScenarioName), { paused: query.has('paused'), phase: query.get('phase') === 'failed' ? 'failed' : 'ready' })
const theme = query.get('theme')
lab.setSettings({ ...(theme === 'light' || theme === 'dark' ? { theme } : {}), ...(query.has('reduced') && { motion: 'reduced' as const }), ...(query.has('noterminal') && { layout: { terminalOpen: false } }) })
startWindow(lab.port, '#app')
let step = 0
if (!query.has('paused') && !query.has('quiet')) setInterval(() => lab.traffic(step++), 100)
if (query.has('disconnected')) setTimeout(() => lab.disconnect(), 300)
