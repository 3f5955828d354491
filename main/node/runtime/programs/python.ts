import { joinPath } from '../files/path.ts'
import { contentTypeOf, httpDate, logDate } from './http-text.ts'
import { flagValue } from './small-servers.ts'
import type { ProcessContext, Program } from './program.ts'
import { readText } from './text-input.ts'

const encoder = new TextEncoder()

/** python: `-m http.server`, `--version`, and one-liners made of print, sleep, import and exit. */
export const python: Program = async (context) => {
  const words = context.argv.slice(1)
  const version = (context.settings as { readonly version?: string } | undefined)?.version ?? '3.13.9'
  context.useMemory(9 * 1_048_576)
  if (words[0] === '--version' || words[0] === '-V') {
    await context.stdout.write(`Python ${version}\n`)
    return 0
  }
  const options = words.filter((word) => word === '-u' || word === '-B')
  const rest = words.slice(options.length)
  if (rest[0] === '-m') {
    if (rest[1] === 'http.server' || rest[1] === 'SimpleHTTPServer') return httpServer(context, rest.slice(2), version)
    await context.stderr.write(`${context.argv[0]}: No module named ${rest[1] ?? ''}\n`)
    return 1
  }
  if (rest[0] === '-c') return runLines(context, rest[1] ?? '', '<string>', 0)
  if (rest[0] !== undefined && !rest[0].startsWith('-')) {
    const path = context.path(rest[0])
    if (!context.files.exists(path)) {
      await context.stderr.write(`${context.argv[0]}: can't open file '${path}': [Errno 2] No such file or directory\n`)
      return 2
    }
    return runLines(context, context.files.readText(path), path, 0)
  }
  if (context.descriptors[0]?.terminal) {
    await context.stdout.write(`Python ${version} (main, Oct 14 2025, 00:00:00) [GCC 12.2.0] on linux\nType "help", "copyright", "credits" or "license" for more information.\n>>> `)
    return runPrompt(context)
  }
  return runLines(context, await readText(context.stdin), '<stdin>', 0)
}

async function runPrompt(context: ProcessContext): Promise<number> {
  let pending = ''
  for (;;) {
    const bytes = await context.stdin.read()
    if (!bytes) {
      await context.stdout.write('\n')
      return 0
    }
    pending += new TextDecoder().decode(bytes)
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end)
      pending = pending.slice(end + 1)
      const code = await runLines(context, line, '<stdin>', 1)
      if (/^(?:exit|quit)\(/.test(line.trim())) return code
      await context.stdout.write('>>> ')
    }
  }
}

async function httpServer(context: ProcessContext, words: readonly string[], version: string): Promise<number> {
  const port = Number(words.find((word) => /^\d+$/.test(word)) ?? 8000)
  const given = flagValue(words, 'directory') ?? flagValue(words, 'd')
  const directory = given === undefined ? context.cwd : context.path(given)
  const { files } = context
  try {
    context.serveHttp(port, (exchange) => {
      const { request } = exchange
      const uri = decodeURIComponent(request.path.split('?')[0]!)
      let path = joinPath(directory, uri.replace(/^\//, '').replace(/\.\.\//g, ''))
      let inode = files.find(path.replace(/\/$/, '') || '/')
      let status = 200
      let type = 'text/html; charset=utf-8'
      let body: Uint8Array
      if (inode?.kind === 'directory' && files.find(joinPath(path, 'index.html'))?.kind === 'file') {
        path = joinPath(path, 'index.html')
        inode = files.find(path)
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        status = 501
        body = errorPage(status, `Unsupported method ('${request.method}')`)
      } else if (inode?.kind === 'file') {
        body = files.read(path).slice()
        type = contentTypeOf(path, 'application/octet-stream')
      } else if (inode?.kind === 'directory') {
        const rows = files.list(path.replace(/\/$/, '') || '/').map((name) => {
          const shown = files.find(joinPath(path, name))?.kind === 'directory' ? `${name}/` : name
          return `<li><a href="${encodeURI(shown)}">${shown}</a></li>\n`
        })
        body = encoder.encode(`<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Directory listing for ${uri}</title>\n</head>\n<body>\n<h1>Directory listing for ${uri}</h1>\n<hr>\n<ul>\n${rows.join('')}</ul>\n<hr>\n</body>\n</html>\n`)
      } else {
        status = 404
        body = errorPage(status, 'File not found')
      }
      exchange.respond({ status, headers: { server: `SimpleHTTP/0.6 Python/${version}`, date: httpDate(context.clock.now()), 'content-type': type, 'content-length': String(body.length) }, ...(request.method === 'HEAD' ? {} : { body }) })
      const time = logDate(context.clock.now()).replace(/^(\d+\/\w+\/\d+):/, '$1 ').replace(' +0000', '')
      if (status === 404) void context.stderr.write(`${exchange.source.address} - - [${time}] code 404, message File not found\n`)
      void context.stderr.write(`${exchange.source.address} - - [${time}] "${request.method} ${request.path} HTTP/1.1" ${status} -\n`)
    })
  } catch {
    await context.stderr.write('OSError: [Errno 98] Address already in use\n')
    return 1
  }
  await context.stdout.write(`Serving HTTP on 0.0.0.0 port ${port} (http://0.0.0.0:${port}/) ...\n`)
  await context.untilSignal('INT')
  await context.stdout.write('\nKeyboard interrupt received, exiting.\n')
  return 0
}

function errorPage(status: number, message: string): Uint8Array {
  return encoder.encode(`<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: ${status}</p>\n        <p>Message: ${message}.</p>\n    </body>\n</html>\n`)
}

/** Runs statements of the few shapes that are known; anything else is refused in so many words. */
async function runLines(context: ProcessContext, code: string, file: string, prompt: number): Promise<number> {
  const values = new Map<string, string>()
  for (const line of code.split(/[;\n]/).map((each) => each.trim())) {
    if (line === '' || line.startsWith('#') || /^(?:import|from)\s/.test(line)) continue
    const print = /^print\((?:f?(?:"([^"]*)"|'([^']*)'))?(?:,\s*flush=True)?\)$/.exec(line)
    const number = /^(?:print\()?\s*([-+*/()\d.\s]+?)\s*\)?$/.exec(line)
    const sleeps = /^(?:time\.)?sleep\((\d+(?:\.\d+)?)\)$/.exec(line)
    const exits = /^(?:sys\.)?(?:exit|quit)\((\d*)\)$/.exec(line)
    const environment = /^print\(os\.environ(?:\.get\(|\[)["'](\w+)["'](?:\)|\])\)$/.exec(line)
    const host = /^print\(socket\.gethostname\(\)\)$/.test(line)
    const raises = /^raise\s+(\w+)\((?:["'](.*)["'])?\)$/.exec(line)
    if (print) await context.stdout.write(`${(print[1] ?? print[2] ?? '').replace(/\\n/g, '\n').replace(/\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole)}\n`)
    else if (environment) await context.stdout.write(`${context.env.get(environment[1]!) ?? 'None'}\n`)
    else if (host) await context.stdout.write(`${context.hostname}\n`)
    else if (sleeps) await context.sleep(Number(sleeps[1]) * 1000)
    else if (exits) return Number(exits[1] || 0)
    else if (raises) {
      await context.stderr.write(`Traceback (most recent call last):\n  File "${file}", line 1, in <module>\n${raises[1]}${raises[2] === undefined ? '' : `: ${raises[2]}`}\n`)
      return 1
    } else if (number && calculable(number[1]!) !== undefined) {
      if (line.startsWith('print') || prompt > 0) await context.stdout.write(`${calculable(number[1]!)}\n`)
    } else {
      await context.stderr.write(`  File "${file}", line 1\n    ${line}\nRuntimeError: simulated python knows only print, sleep, exit and -m http.server\n`)
      return 1
    }
  }
  return 0
}

function calculable(text: string): string | undefined {
  const sum = /^(-?\d+(?:\.\d+)?)\s*([-+*]|\*\*|\/\/?)\s*(-?\d+(?:\.\d+)?)$/.exec(text.trim())
  if (!sum) return /^-?\d+(\.\d+)?$/.test(text.trim()) ? text.trim() : undefined
  const [a, b] = [Number(sum[1]), Number(sum[3])]
  const value = { '+': a + b, '-': a - b, '*': a * b, '**': a ** b, '/': a / b, '//': Math.floor(a / b) }[sum[2]!]
  return value === undefined ? undefined : sum[2] === '/' && Number.isInteger(value) ? `${value}.0` : String(value)
}
