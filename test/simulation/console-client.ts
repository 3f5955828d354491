import { request } from 'node:http'

/** Runs one program on a machine through a console's real socket; answers its last line. */
export function runThroughConsole(console: { readonly url: string; readonly token: string }, machine: string, argv: readonly string[]): Promise<{ exit: number; lost: boolean }> {
  return new Promise((resolve, reject) => {
    const sent = request(console.url, { headers: { authorization: `Bearer ${console.token}`, connection: 'Upgrade', upgrade: 'orrery-console' } })
    sent.on('upgrade', (_, socket, head) => {
      let text = head.toString()
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
      socket.on('close', () => {
        const last = text.trim().split('\n').at(-1) ?? ''
        try {
          resolve(JSON.parse(last) as { exit: number; lost: boolean })
        } catch {
          reject(new Error(`the console's last line is ${last}`))
        }
      })
      socket.write(`${JSON.stringify({ machine, argv, tty: false, stdin: false })}\n`)
    })
    sent.on('response', (response) => reject(new Error(`the console answers ${response.statusCode}`)))
    sent.on('error', reject)
    sent.end()
  })
}
