import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'
import { crictl } from './crictl.ts'
import { df, free, uptime } from './machine-commands.ts'
import { journalctl, systemctl } from './service-commands.ts'
import { reboot, ssh, sudo } from './login-commands.ts'

/** The commands of a machine that show or change what runs on it; the others are those that images have too. */
export function hostPrograms(host: Host): readonly (readonly [string, Program])[] {
  return [
    ['crictl', crictl(host)],
    ['df', df(host)],
    ['free', free(host)],
    ['journalctl', journalctl(host)],
    ['poweroff', reboot(host)],
    ['reboot', reboot(host)],
    ['ssh', ssh(host)],
    ['sudo', sudo],
    ['systemctl', systemctl(host)],
    ['uptime', uptime(host)],
  ]
}
