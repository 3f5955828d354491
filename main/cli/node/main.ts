import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'

interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

interface ConsoleAddress {
  readonly url: string
  readonly token: string
}

/** `systemctl`, `journalctl` (on the control-plane node, where the lab's terminal stands) and `ssh MACHINE COMMAND…`: run on
 *  the lab's simulated machines, through its console. */
export async function main(command: string, argv: readonly string[]): Promise<number> {
  let machine = 'controlplane'
  let words = [command, ...argv]
  if (command === 'ssh') {
    const [target, ...rest] = argv.filter((word, index) => !(word.startsWith('-') && index === 0))
    if (!target) {
      process.stderr.write('usage: ssh MACHINE COMMAND [ARGUMENT ...]\n')
      return 255
    }
    machine = target.replace(/^.*@/, '')
    if (rest.length === 0) {
      process.stderr.write(`ssh: interactive logins on ${machine} are not built yet; ssh ${machine} systemctl status kubelet works\n`)
      return 255
    }
    words = rest.length === 1 ? rest[0]!.split(/\s+/) : rest
    if (words[0] === 'sudo') words.shift()
  }
  const console = consoleAddress()
  if (!console) {
    process.stderr.write(`${command}: no lab is running here: start one with "orrery serve", or use the lab's own terminal\n`)
    return 1
  }
  try {
    const result = await run(console, machine, words)
    process.stdout.write(result.stdout)
    process.stderr.write(result.stderr)
    return result.exitCode
  } catch (error) {
    process.stderr.write(`${command}: the lab does not answer: ${(error as Error).message}\n`)
    return 1
  }
}

/** From the environment of the lab's terminal, or the file of the lab that is named (or the standard one). */
function consoleAddress(): ConsoleAddress | undefined {
  const { ORRERY_CONSOLE, ORRERY_LAB, ORRERY_HOME } = process.env
  const path = ORRERY_CONSOLE ?? join(ORRERY_HOME ?? join(homedir(), '.orrery'), 'labs', ORRERY_LAB ?? 'standard', 'console.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ConsoleAddress
  } catch {
    return undefined
  }
}

function run(console: ConsoleAddress, machine: string, argv: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const sent = request(`${console.url}/run`, { method: 'POST', headers: { authorization: `Bearer ${console.token}`, 'content-type': 'application/json' } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        if (response.statusCode === 200) resolve(JSON.parse(text) as CommandResult)
        else reject(new Error(text))
      })
    })
    sent.on('error', reject)
    sent.end(JSON.stringify({ machine, argv }))
  })
}
