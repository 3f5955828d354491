import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'
import { crictl } from './crictl.ts'
import { ctr } from './ctr.ts'
import { df, free, uptime } from './machine-commands.ts'
import { ip, iptables, iptablesSave, ss } from './network-commands.ts'
import { packetTrace } from './packet-trace.ts'
import { ipvsadm, nft } from './proxy-commands.ts'
import { journalctl, systemctl } from './service-commands.ts'
import { ssh, sudo } from './login-commands.ts'
import { powerCommand, shutdown } from './power-commands.ts'

/** The commands of a machine that show or change what runs on it; the others are those that images have too. */
export function hostPrograms(host: Host): readonly (readonly [string, Program])[] {
  return [
    ['crictl', crictl(host)],
    ['ctr', ctr(host)],
    ['df', df(host)],
    ['free', free(host)],
    ['ip', ip(host)],
    ['iptables', iptables(host)],
    ['iptables-save', iptablesSave(host)],
    ['ipvsadm', ipvsadm(host)],
    ['journalctl', journalctl(host)],
    ['kubelet', kubeletVersion],
    ['nft', nft(host)],
    ['packet-trace', packetTrace(host)],
    ['poweroff', powerCommand(host, 'poweroff')],
    ['reboot', powerCommand(host, 'reboot')],
    ['shutdown', shutdown(host)],
    ['ss', ss(host)],
    ['ssh', ssh(host)],
    ['sudo', sudo],
    ['systemctl', systemctl(host)],
    ['uptime', uptime(host)],
  ]
}

/** The kubelet is started by systemd alone; by hand it says which one it is. */
const kubeletVersion: Program = async (context) => {
  if (context.argv[1] === '--version') {
    await context.stdout.write('Kubernetes v1.36.1\n')
    return 0
  }
  await context.stderr.write('kubelet: systemd runs the kubelet: systemctl start kubelet\n')
  return 1
}
