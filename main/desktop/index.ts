import { app, BrowserWindow, ipcMain, Menu, session, shell, type WebContents } from 'electron'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openLab } from '../lab/open-lab.ts'
import { homeFolder, productFolder } from '../lab/paths.ts'
import { defaultSpec } from '../lab/default-spec.ts'
import { serveWindow, type ServedWindow } from '../../preload/contract/serve.ts'

/** The Electron shell: one window on one lab. Everything that both shells need stands in main/lab. */
const launchedAt = Date.now()
const channel = 'orrery:frame'
const product = productFolder()
const page = pathToFileURL(join(product, 'out', 'renderer', 'index.html')).href
const windows = new Map<WebContents, ServedWindow>()

const open = openLab(
  {
    name: 'standard',
    spec: defaultSpec('standard'),
    home: homeFolder(),
    product,
    ephemeral: false,
    port: 0,
    speed: 1,
    host: 'desktop',
    launchedAt,
  },
  { openExternal: (url) => shell.openExternal(url) },
)
open.lab.start().catch(() => {
  // The lab's state says what failed, and the window shows it.
})

function createWindow(): void {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 900,
    minHeight: 600,
    backgroundColor: '#0e1116',
    title: 'Orrery',
    webPreferences: { preload: join(product, 'out', 'preload', 'index.cjs'), sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true },
  })
  const contents = window.webContents
  const served = serveWindow(open.services, (frame) => {
    if (!contents.isDestroyed()) contents.send(channel, frame)
  })
  windows.set(contents, served)
  contents.setWindowOpenHandler(({ url }) => {
    if (/^https?:\/\//.test(url)) void shell.openExternal(url)
    return { action: 'deny' }
  })
  contents.on('will-navigate', (event) => event.preventDefault())
  window.on('closed', () => {
    windows.delete(contents)
    served.close()
  })
  void window.loadURL(page)
}

ipcMain.on(channel, (event, frame: unknown) => {
  // Only the page that we shipped may speak, and only its top frame.
  if (event.senderFrame?.url.split(/[?#]/)[0] !== page || event.senderFrame.parent) return
  windows.get(event.sender)?.receive(frame)
})

if (!app.requestSingleInstanceLock()) app.quit()
app.on('second-instance', () => {
  const [window] = BrowserWindow.getAllWindows()
  if (window?.isMinimized()) window.restore()
  window?.focus()
})
app.on('window-all-closed', () => app.quit())
let closed = false
app.on('before-quit', (event) => {
  if (closed) return
  event.preventDefault()
  void open.close().finally(() => {
    closed = true
    app.quit()
  })
})
app.on('web-contents-created', (_event, contents) => contents.on('will-attach-webview', (event) => event.preventDefault()))

// Not awaited at the top level: Electron waits for this module to finish before it becomes ready.
void app.whenReady().then(() => {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === 'clipboard-sanitized-write'))
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
      { role: 'editMenu' },
      { label: 'View', submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }, { role: 'toggleDevTools' }] },
      { role: 'windowMenu' },
    ]),
  )
  createWindow()
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) createWindow()
  })
})
