import type { Program } from './program.ts'
import { textResponse } from './small-servers.ts'

/** node: --version, -e with console.log, process.exit and setTimeout, and scripts that are one http.createServer. */
export const node: Program = async (context) => {
  const words = context.argv.slice(1)
  const version = (context.settings as { readonly version?: string } | undefined)?.version ?? '24.11.1'
  context.useMemory(40 * 1_048_576)
  if (words[0] === '--version' || words[0] === '-v') {
    await context.stdout.write(`v${version}\n`)
    return 0
  }
  let code: string
  if (words[0] === '-e' || words[0] === '--eval' || words[0] === '-p') code = words[1] ?? ''
  else if (words[0] !== undefined) {
    const path = context.path(words[0])
    if (!context.files.exists(path)) {
      await context.stderr.write(`node:internal/modules/cjs/loader:1478\n  throw err;\n  ^\n\nError: Cannot find module '${path}'\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1475:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}\n\nNode.js v${version}\n`)
      return 1
    }
    code = context.files.readText(path)
  } else {
    // A prompt without a terminal ends with its input.
    if (context.descriptors[0]?.terminal) {
      await context.stdout.write(`Welcome to Node.js v${version}.\nType ".help" for more information.\n> `)
      await context.untilSignal('INT', 'TERM')
    }
    return 0
  }
  if (words[0] === '-p') code = `console.log(${code})`
  const server = /createServer\([\s\S]*?\.end\(\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`)\s*\)[\s\S]*?\.listen\(\s*(\d+)/.exec(code)
  for (const log of code.split(/createServer/)[0]!.matchAll(/console\.(log|error)\((?:'([^']*)'|"([^"]*)"|`([^`]*)`|process\.env\.(\w+)|process\.version)\)/g)) {
    const text = log[5] !== undefined ? (context.env.get(log[5]) ?? 'undefined') : (log[2] ?? log[3] ?? log[4] ?? `v${version}`)
    await context.write(log[1] === 'error' ? 2 : 1, `${text}\n`)
  }
  if (server) {
    const text = (server[1] ?? server[2] ?? server[3] ?? '').replace(/\\n/g, '\n').replace(/\$\{(?:os\.hostname\(\)|process\.env\.HOSTNAME)\}/g, context.hostname)
    try {
      context.serveHttp(Number(server[4]), (exchange) => exchange.respond(textResponse(200, text, 'text/plain')))
    } catch {
      await context.stderr.write(`Error: listen EADDRINUSE: address already in use :::${server[4]}\n`)
      return 1
    }
    // As a container's first process node does not end at TERM.
    return new Promise(() => {})
  }
  const wait = /setTimeout\([\s\S]*?,\s*(\d+)\s*\)/.exec(code)
  if (wait) await context.sleep(Number(wait[1]))
  if (/setInterval\(/.test(code)) return new Promise(() => {})
  const thrown = /throw new Error\((?:'([^']*)'|"([^"]*)")\)/.exec(code)
  if (thrown) {
    await context.stderr.write(`[eval]:1\nError: ${thrown[1] ?? thrown[2]}\n\nNode.js v${version}\n`)
    return 1
  }
  return Number(/process\.exit\((\d*)\)/.exec(code)?.[1] || 0)
}
