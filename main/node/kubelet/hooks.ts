import type { Container, LifecycleHandler } from '../../api/generated/types.ts'
import type { ProbeTools } from './probe-run.ts'
import { portOf } from './probe-run.ts'
import { bodyText, httpGet } from './http-get.ts'

const httpTimeoutMs = 30_000

/** Runs a postStart or preStop handler to its end. Throws an Error with upstream's text when it fails. */
export async function runHook(handler: LifecycleHandler, container: Container, containerId: string, podIp: string, tools: ProbeTools, timeoutMs: number): Promise<void> {
  if (handler.exec) {
    const command = handler.exec.command ?? []
    const result = await tools.runtime.execSync(containerId, command, timeoutMs)
    if (result.exitCode !== 0) {
      const decoder = new TextDecoder()
      const output = decoder.decode(result.stdout) + decoder.decode(result.stderr)
      throw new Error(`Exec lifecycle hook ([${command.join(' ')}]) for Container ${JSON.stringify(container.name)} failed - error: command '${command.join(' ')}' exited with ${result.exitCode}: ${output}, message: ${JSON.stringify(output)}`)
    }
    return
  }
  if (handler.httpGet) {
    const port = portOf(handler.httpGet.port ?? 80, container)
    const response = await httpGet(tools.process, tools.stack, handler.httpGet, podIp, port, { timeoutMs: Math.min(timeoutMs, httpTimeoutMs), userAgent: 'kube-lifecycle/1.36' })
    // An answer of any status counts as delivered; bodies are read as upstream does, to end the exchange.
    bodyText(response.body)
    return
  }
  if (handler.sleep) {
    await tools.process.clock.sleep(handler.sleep.seconds * 1000)
    return
  }
  throw new Error('invalid handler: {}')
}
