import { agnhost } from './agnhost.ts'
import { awk } from './awk/awk.ts'
import { cat, rev, tac } from './cat.ts'
import * as columns from './column-tools.ts'
import * as compare from './compare-tools.ts'
import { curl } from './curl.ts'
import { digest } from './digest.ts'
import { echo } from './echo.ts'
import * as encode from './encode-tools.ts'
import { envsubst } from './envsubst.ts'
import { expr } from './expr.ts'
import * as file from './file-tools.ts'
import { find } from './find.ts'
import * as flow from './flow-tools.ts'
import { grep } from './grep.ts'
import * as ends from './head-tail.ts'
import { httpd } from './httpd.ts'
import * as identity from './identity-tools.ts'
import { ls } from './ls.ts'
import { nano } from './editor/nano.ts'
import { pager } from './editor/pager.ts'
import { vi } from './editor/vi.ts'
import { dig, host, nslookup } from './name-tools.ts'
import { nc, telnet } from './nc.ts'
import * as net from './network-tools.ts'
import { nginxEntrypoint } from './nginx/entrypoint.ts'
import { nginx } from './nginx/nginx.ts'
import { node } from './node.ts'
import { perl } from './perl.ts'
import type { Program, ProgramTable } from './program.ts'
import { processesByName, ps, top } from './ps.ts'
import { python } from './python.ts'
import { redisCli } from './redis/redis-client.ts'
import { redisEntrypoint, redisFollower, redisServer } from './redis/redis-server.ts'
import { sed } from './sed.ts'
import { service } from './service.ts'
import { shell } from './shell/shell.ts'
import * as simple from './simple-programs.ts'
import { sleep } from './sleep.ts'
import * as servers from './small-servers.ts'
import { mysql, mysqlAdmin } from './sql/mysql-client.ts'
import { pgIsReady, psql } from './sql/psql.ts'
import { sqlServer } from './sql/sql-server.ts'
import * as order from './sort-tools.ts'
import { resourceConsumer, stress } from './stress.ts'
import { tar } from './tar.ts'
import { wget } from './wget.ts'
import { wordpress } from './wordpress.ts'

const silent = identity.silent

/** Every simulated program, by the name that image catalogues use. */
export const standardPrograms: ProgramTable = new Map<string, Program>([
  ['[', flow.test],
  ['agnhost', agnhost],
  ['apk', simple.packageManager],
  ['apt', simple.packageManager],
  ['apt-get', simple.packageManager],
  ['arch', identity.arch],
  ['arp', net.arp],
  ['ash', shell],
  ['awk', awk],
  ['base64', encode.base64],
  ['basename', file.basename],
  ['bash', shell],
  ['bootcamp', servers.bootcamp],
  ['busybox', simple.busybox],
  ['cat', cat],
  ['chmod', file.chmod],
  ['chown', file.chown],
  ['clear', identity.clear],
  ['cmp', compare.cmp],
  ['comm', order.comm],
  ['cp', file.cp],
  ['crasher', simple.crasher],
  ['curl', curl],
  ['cut', columns.cut],
  ['dash', shell],
  ['date', identity.date],
  ['dd', file.dd],
  ['df', file.df],
  ['diff', compare.diff],
  ['dig', dig],
  ['dirname', file.dirname],
  ['dmesg', silent],
  ['dpkg', simple.packageManager],
  ['du', file.du],
  ['echo', echo],
  ['echoserver', servers.echoServer],
  ['ed', simple.editor],
  ['egrep', grep],
  ['env', identity.env],
  ['envsubst', envsubst],
  ['exec-entrypoint', simple.execEntrypoint],
  ['expr', expr],
  ['false', simple.falseProgram],
  ['fgrep', grep],
  ['find', find],
  ['fold', columns.fold],
  ['free', identity.free],
  ['getent', identity.getent],
  ['grep', grep],
  ['groups', identity.groups],
  ['guestbook', servers.guestbook],
  ['gunzip', simple.archiver],
  ['gzip', simple.archiver],
  ['head', ends.head],
  ['hello-app', servers.helloApp],
  ['hello-world', simple.helloWorld],
  ['hexdump', encode.hexdump],
  ['host', host],
  ['hostname', identity.hostname],
  ['hpa-example', servers.hpaExample],
  ['http-echo', servers.httpEcho],
  ['httpbin', servers.httpbin],
  ['httpd', httpd],
  ['id', identity.id],
  ['ifconfig', net.ifconfig],
  ['install', file.cp],
  ['ip', net.ip],
  ['kill', simple.kill],
  ['killall', processesByName],
  ['less', pager],
  ['ln', file.ln],
  ['ls', ls],
  ['md5sum', digest],
  ['mkdir', file.mkdir],
  ['mkfifo', identity.refuse('Operation not permitted')],
  ['mktemp', file.mktemp],
  ['more', pager],
  ['mount', file.mount],
  ['mv', file.mv],
  ['mysql', mysql],
  ['mysqladmin', mysqlAdmin],
  ['nano', nano],
  ['nc', nc],
  ['netstat', net.netstat],
  ['nginx', nginx],
  ['nginx-entrypoint', nginxEntrypoint],
  ['nice', identity.wrapper],
  ['node', node],
  ['node-hello', servers.nodeHello],
  ['nohup', identity.wrapper],
  ['nproc', identity.nproc],
  ['nslookup', nslookup],
  ['od', encode.hexdump],
  ['paste', columns.paste],
  ['pause', simple.pause],
  ['perl', perl],
  ['pg_isready', pgIsReady],
  ['pgrep', processesByName],
  ['pidof', processesByName],
  ['ping', net.ping],
  ['pkill', processesByName],
  ['printenv', identity.printenv],
  ['printf', flow.printf],
  ['ps', ps],
  ['psql', psql],
  ['pstree', identity.pstree],
  ['pwd', simple.pwd],
  ['python', python],
  ['readlink', file.readlink],
  ['realpath', file.readlink],
  ['redis-cli', redisCli],
  ['redis-entrypoint', redisEntrypoint],
  ['redis-follower', redisFollower],
  ['redis-server', redisServer],
  ['renice', silent],
  ['reset', identity.clear],
  ['resource-consumer', resourceConsumer],
  ['rev', rev],
  ['rm', file.rm],
  ['rmdir', file.rmdir],
  ['route', net.route],
  ['sed', sed],
  ['seq', flow.seq],
  ['service', service],
  ['sh', shell],
  ['sha1sum', digest],
  ['sha256sum', digest],
  ['sha512sum', digest],
  ['shuf', order.shuf],
  ['sleep', sleep],
  ['sort', order.sort],
  ['split', flow.split],
  ['ss', net.netstat],
  ['sql-server', sqlServer],
  ['stat', file.stat],
  ['stress', stress],
  ['stty', identity.stty],
  ['su', simple.su],
  ['sync', silent],
  ['sysctl', identity.refuse('permission denied')],
  ['tac', tac],
  ['tail', ends.tail],
  ['tar', tar],
  ['tee', flow.tee],
  ['telnet', telnet],
  ['test', flow.test],
  ['time', identity.time],
  ['timeout', identity.timeout],
  ['top', top],
  ['touch', file.touch],
  ['tr', columns.tr],
  ['traceroute', net.traceroute],
  ['true', simple.trueProgram],
  ['truncate', file.truncate],
  ['tty', identity.tty],
  ['umount', file.mount],
  ['uname', identity.uname],
  ['uniq', order.uniq],
  ['unlink', file.unlink],
  ['uptime', identity.uptime],
  ['usleep', sleep],
  ['vi', vi],
  ['view', vi],
  ['vim', vi],
  ['watch', identity.watch],
  ['wc', columns.wc],
  ['wget', wget],
  ['which', identity.which],
  ['whoami', identity.whoami],
  ['whoami-server', servers.whoamiServer],
  ['wordpress', wordpress],
  ['xargs', flow.xargs],
  ['xxd', encode.hexdump],
  ['yes', flow.yes],
  ['zsh', shell],
])
