/** A stand-in for the `electron` module: enough to run the built main bundle, preload and renderer together in a real
 *  Chromium with real worlds. It models what bites in life: a window before `ready` fails, IPC carries structured clones,
 *  the preload runs isolated, senders have frames. Not covered: native menus, dialogs, tray, asar, Chromium flags. */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const chromiumPath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const world = 'electron-preload'

class App extends EventEmitter {
  #ready = false
  #whenReady

  constructor() {
    super()
    // Electron becomes ready only after the entry module has run: awaiting this at its top level hangs, there as here.
    this.#whenReady = new Promise((resolve) => {
      setTimeout(async () => {
        this.browser = await chromium.launch({
          executablePath: chromiumPath,
          args: [
            '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
            '--allow-file-access-from-files',
            ...(process.env.ORRERY_STAND_IN_PORT ? [`--remote-debugging-port=${process.env.ORRERY_STAND_IN_PORT}`] : []),
          ],
        })
        this.#ready = true
        this.emit('ready')
        resolve()
      }, 0)
    })
  }

  isReady() {
    return this.#ready
  }

  whenReady() {
    return this.#whenReady
  }

  requestSingleInstanceLock() {
    return true
  }

  quit() {
    let prevented = false
    this.emit('before-quit', { preventDefault: () => (prevented = true) })
    if (prevented) return
    void this.browser?.close().finally(() => process.exit(0))
    if (!this.browser) process.exit(0)
  }
}

export const app = new App()
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => app.quit())

class WebContents extends EventEmitter {
  #window
  #contexts = new Map()
  #destroyed = false
  openHandler = () => ({ action: 'allow' })

  constructor(window) {
    super()
    this.#window = window
  }

  async attach(page, preload) {
    const client = await page.context().newCDPSession(page)
    this.client = client
    await client.send('Runtime.enable')
    await client.send('Page.enable')
    client.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === world) this.#contexts.set(context.auxData.frameId, context.id)
    })
    client.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name !== '__electronSend') return
      const { channel, args } = JSON.parse(payload)
      ipcMain.emit(channel, { sender: this, senderFrame: { url: page.url(), parent: null }, reply: (...values) => this.send(...values) }, ...args)
    })
    await client.send('Runtime.addBinding', { name: '__electronSend', executionContextName: world })
    await client.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldScript })
    await client.send('Page.addScriptToEvaluateOnNewDocument', { source: preloadScript(preload), worldName: world })
    page.on('close', () => (this.#destroyed = true))
    page.on('popup', (popup) => {
      if (this.openHandler({ url: popup.url() }).action === 'deny') void popup.close()
    })
  }

  isDestroyed() {
    return this.#destroyed
  }

  send(channel, ...args) {
    const contextId = [...this.#contexts.values()].at(-1)
    if (contextId === undefined || this.#destroyed) return
    const expression = `globalThis.__electronReceive(${JSON.stringify(channel)}, ${JSON.stringify(JSON.stringify(structuredClone(args)))})`
    void this.client.send('Runtime.evaluate', { expression, contextId }).catch(() => {})
  }

  setWindowOpenHandler(handler) {
    this.openHandler = handler
  }
}

export class BrowserWindow extends EventEmitter {
  static #all = new Set()

  static getAllWindows() {
    return [...BrowserWindow.#all]
  }

  constructor(options = {}) {
    super()
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    const { sandbox, contextIsolation, nodeIntegration, preload } = options.webPreferences ?? {}
    if (sandbox !== true || contextIsolation === false || nodeIntegration) throw new Error('the stand-in runs sandboxed, isolated windows only')
    this.webContents = new WebContents(this)
    app.emit('web-contents-created', {}, this.webContents)
    BrowserWindow.#all.add(this)
    this.ready = (async () => {
      const context = await app.browser.newContext({ viewport: { width: options.width ?? 800, height: options.height ?? 600 } })
      this.page = await context.newPage()
      await this.webContents.attach(this.page, readFileSync(preload, 'utf8'))
      this.page.on('close', () => {
        BrowserWindow.#all.delete(this)
        this.emit('closed')
        if (BrowserWindow.#all.size === 0) app.emit('window-all-closed')
      })
    })()
  }

  async loadURL(url) {
    await this.ready
    await this.page.goto(url)
  }

  isMinimized() {
    return false
  }

  restore() {}

  focus() {}

  close() {
    void this.page?.close()
  }
}

export const ipcMain = new EventEmitter()
export const Menu = { setApplicationMenu() {}, buildFromTemplate: (template) => ({ items: template }) }
export const session = { defaultSession: { setPermissionRequestHandler() {} } }
export const shell = { openExternal: async () => {} }

/** In the page's own world: builds what the preload exposes, from its shape; calls cross as JSON in CustomEvents. */
const mainWorldScript = `(() => {
  const callbacks = new Map()
  let next = 1
  const pack = (value) => typeof value === 'function' ? (callbacks.set(next, value), { $function: next++ }) : { $value: value }
  window.addEventListener('electron-expose', (event) => {
    const { name, keys } = JSON.parse(event.detail)
    const api = {}
    for (const key of keys) api[key] = (...args) => {
      window.dispatchEvent(new CustomEvent('electron-call', { detail: JSON.stringify({ name, key, args: args.map(pack) }) }))
    }
    Object.defineProperty(window, name, { value: Object.freeze(api) })
  })
  window.addEventListener('electron-callback', (event) => {
    const { id, args } = JSON.parse(event.detail)
    callbacks.get(id)?.(...args)
  })
})()`

/** In the isolated world: the parts of the electron module that a sandboxed preload may use, then the built preload. */
const preloadScript = (source) => `(() => {
  const exposed = new Map()
  const listeners = new Map()
  const unpack = (packed) => packed.$function
    ? (...args) => window.dispatchEvent(new CustomEvent('electron-callback', { detail: JSON.stringify({ id: packed.$function, args }) }))
    : packed.$value
  window.addEventListener('electron-call', (event) => {
    const { name, key, args } = JSON.parse(event.detail)
    exposed.get(name)?.[key](...args.map(unpack))
  })
  const electron = {
    contextBridge: {
      exposeInMainWorld(name, api) {
        exposed.set(name, api)
        window.dispatchEvent(new CustomEvent('electron-expose', { detail: JSON.stringify({ name, keys: Object.keys(api) }) }))
      },
    },
    ipcRenderer: {
      send: (channel, ...args) => globalThis.__electronSend(JSON.stringify({ channel, args })),
      on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
    },
  }
  globalThis.__electronReceive = (channel, json) => {
    for (const listener of listeners.get(channel) ?? []) listener({}, ...JSON.parse(json))
  }
  const module = { exports: {} }
  const require = (name) => {
    if (name === 'electron') return electron
    throw new Error('a sandboxed preload cannot require ' + name)
  }
  ;((module, exports, require) => { ${'\n'}${source}${'\n'} })(module, module.exports, require)
})()`
