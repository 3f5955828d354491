import { DirectoryInode, FileInode, LinkInode, type Inode } from '../runtime/files/inode.ts'

const userTools =
  '[ awk base64 basename bash cat chmod chown clear cmp comm cp crictl ctr curl cut dash date dd df diff dig dirname dmesg du echo egrep env expr false fgrep find fold free getent grep groups gunzip gzip head hexdump host hostname id install journalctl kill killall kubelet less ln ls md5sum mkdir mkfifo mktemp more mount mv nano nc netstat nice nohup nproc nslookup od paste perl pgrep pidof ping pkill printenv printf ps pstree pwd readlink realpath renice reset rev rm rmdir sed seq sh sha1sum sha256sum sha512sum shuf sleep sort split ss ssh stat stty su sudo sync systemctl tac tail tar tee telnet test time timeout top touch tr traceroute true truncate tty umount uname uniq unlink uptime vi view vim watch wc wget which whoami xargs xxd yes'
const systemTools = 'arp ifconfig ip iptables iptables-save ipvsadm nft packet-trace poweroff reboot route shutdown sysctl'

const texts: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3:3:sys:/dev:/usr/sbin/nologin\nmail:x:8:8:mail:/var/mail:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  'etc/group': 'root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nsudo:x:27:\nwww-data:x:33:\nnogroup:x:65534:\n',
  'etc/debian_version': '12.12\n',
  'etc/shells': '/bin/sh\n/bin/bash\n/bin/dash\n',
  'etc/resolv.conf': 'nameserver 192.168.64.1\n',
  'etc/fstab': '/dev/vda1 / ext4 errors=remount-ro 0 1\n',
  'etc/modules-load.d/k8s.conf': 'overlay\nbr_netfilter\n',
  'etc/sysctl.d/k8s.conf': 'net.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-ip6tables = 1\nnet.ipv4.ip_forward = 1\n',
  'etc/crictl.yaml': 'runtime-endpoint: unix:///run/containerd/containerd.sock\nimage-endpoint: unix:///run/containerd/containerd.sock\ntimeout: 2\n',
}

/** Puts an installed system's commands and small files into a machine's tree, where nothing is yet. */
export function installTools(root: DirectoryInode): void {
  const plant = (path: string, make: () => Inode): void => {
    if (!at(root, path)) root.plant(path, make())
  }
  for (const name of userTools.split(' ')) plant(`usr/bin/${name}`, () => new FileInode('', { program: name }))
  for (const name of systemTools.split(' ')) plant(`usr/sbin/${name}`, () => new FileInode('', { program: name }))
  for (const name of ['bin', 'sbin', 'lib']) {
    plant(`usr/${name}`, () => new DirectoryInode())
    plant(name, () => new LinkInode(`usr/${name}`))
  }
  for (const [path, text] of Object.entries(texts)) plant(path, () => new FileInode(text))
  plant('root', () => new DirectoryInode(new Map(), { mode: 0o700 }))
  plant('usr/local/bin', () => new DirectoryInode())
  plant('var/tmp', () => new DirectoryInode(new Map(), { mode: 0o777 }))
}

/** What is at a path of a tree, links not followed. */
export function at(root: DirectoryInode, path: string): Inode | undefined {
  let inode: Inode | undefined = root
  for (const part of path.split('/').filter((each) => each !== '')) {
    if (inode?.kind !== 'directory') return undefined
    inode = (inode as DirectoryInode).get(part)
  }
  return inode
}
