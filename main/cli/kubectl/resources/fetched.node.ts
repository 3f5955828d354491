import { setTimeout as wait } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import { ConnectionError } from '../connection/connection-error.ts'

const attempts = 3

/** The text at a URL. A server's own failure is tried again, as upstream does. Throws CliError or ConnectionError. */
export async function fetchedText(url: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url).catch((error: unknown) => {
      const cause = (error as { cause?: { code?: string; message?: string } }).cause
      const { host, port, protocol } = new URL(url)
      if (cause?.code === 'ECONNREFUSED') throw new ConnectionError(`The connection to the server ${port ? host : `${host}:${protocol === 'https:' ? 443 : 80}`} was refused - did you specify the right host or port?`)
      throw new ConnectionError(`Unable to connect to the server: ${cause?.message ?? (error as Error).message}`)
    })
    if (response.ok) return response.text()
    const problem = new CliError(`unable to read URL "${url}", server reported ${response.status} ${response.statusText}, status code=${response.status}`)
    if (response.status < 500 || attempt >= attempts) throw problem
    await wait(1000)
  }
}
