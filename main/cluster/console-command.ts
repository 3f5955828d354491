import { journalctl } from '../node/systemd/journalctl.ts'
import { systemctl, type CommandResult } from '../node/systemd/systemctl.ts'
import type { Cluster } from './cluster.ts'

/** One command as root on a machine; what ssh says when the machine is not there. To be called inside an event. */
export async function consoleCommand(cluster: Cluster, machine: string, argv: readonly string[]): Promise<CommandResult> {
  const node = cluster.nodes.get(machine)
  if (!node || !node.machine.poweredOn) return { stdout: '', stderr: `ssh: connect to host ${machine} port 22: No route to host\n`, exitCode: 255 }
  const [command, ...rest] = argv
  if (command === 'systemctl') return systemctl(node.machine, node.systemd, rest)
  if (command === 'journalctl') return journalctl(node.machine, node.systemd, rest)
  if (command === 'hostname') return { stdout: `${machine}\n`, stderr: '', exitCode: 0 }
  return { stdout: '', stderr: `bash: line 1: ${command ?? ''}: command not found\n`, exitCode: 127 }
}
