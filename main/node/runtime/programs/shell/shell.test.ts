import { expect, test } from 'vitest'
import { NodeUnderTest } from '../../testing/node-under-test.ts'

/** Scripts and what they write. Expected values are what ash, dash and bash of real images answer. */
type Transcript = readonly [script: string, out: string, code?: number, err?: string]

const transcripts: readonly Transcript[] = [
  ['echo hello world', 'hello world\n'],
  ['A=1; B="x $A y"; echo $B "$B" \'$B\'', 'x 1 y x 1 y $B\n'],
  ['x="a  b"; echo $x; echo "$x"', 'a b\na  b\n'],
  ['false; echo $?', '1\n'],
  ['exit 7', '', 7],
  ['echo a | tr a b | cat -', 'b\n'],
  ['for i in 1 2 3; do echo $i; done', '1\n2\n3\n'],
  ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done', '1\n2\n3\n'],
  ['if [ -f /etc/passwd ]; then echo yes; else echo no; fi', 'yes\n'],
  ['case abc in a*) echo A;; *) echo other;; esac', 'A\n'],
  ['f() { echo "$1-$2"; return 3; }; f x y; echo $?', 'x-y\n3\n'],
  ['echo $(echo inner; echo two)', 'inner two\n'],
  ['cat <<EOF\nhi $HOME\nEOF', 'hi /root\n'],
  ["cat <<'EOF'\nhi $HOME\nEOF", 'hi $HOME\n'],
  ['echo x > /tmp/f; echo y >> /tmp/f; cat /tmp/f', 'x\ny\n'],
  ['nope', '', 127, 'sh: nope: not found\n'],
  ['cat /nope', '', 1, 'cat: /nope: No such file or directory\n'],
  ['ls /nope 2>/dev/null; echo $?', '1\n'],
  ['echo err >&2', '', 0, 'err\n'],
  ['set -e; false; echo not reached', '', 1],
  ['set -e; false || echo rescued; if false; then :; fi; echo end', 'rescued\nend\n'],
  ['set -u; echo $undefined', '', 2, 'sh: undefined: parameter not set\n'],
  ['set -x; echo a b', 'a b\n', 0, '+ echo a b\n'],
  ['echo ${x:-default} ${x-d2}; x=; echo "[${x:-e}][${x-f}]"', 'default d2\n[e][]\n'],
  ['p=/a/b/c.txt; echo ${p##*/} ${p%/*} ${p#*/} ${p%%.*} ${#p}', 'c.txt /a/b a/b/c.txt /a/b/c 10\n'],
  ['echo $((1 + 2 * 3)) $((7 / 2)) $((7 % 3)) $((2 > 1)) $(( (1+2) * 3 ))', '7 3 1 1 9\n'],
  ['set -- a "b c" d; echo $#; for x in "$@"; do echo "[$x]"; done', '3\n[a]\n[b c]\n[d]\n'],
  ['set -- a "b c"; for x in $@; do echo "[$x]"; done; IFS=,; echo "$*"', '[a]\n[b]\n[c]\na,b c\n'],
  ['printf "%s-%d\\n" a 1 b 2', 'a-1\nb-2\n'],
  ['echo -e "a\\tb"; echo -n x; echo y', 'a\tb\nxy\n'],
  ['yes | head -n 2', 'y\ny\n'],
  ['trap "echo bye" EXIT; echo hi', 'hi\nbye\n'],
  ['(cd /tmp; pwd); pwd', '/tmp\n/\n'],
  ['sleep 1 & wait; echo done', 'done\n'],
  ['sleep 100 & kill $!; wait $!; echo $?', '143\n'],
  ['x=1; (x=2); echo $x; { x=3; }; echo $x', '1\n3\n'],
  ['echo a b c | while read x y; do echo "$y $x"; done', 'b c a\n'],
  ['seq 3 | while read n; do [ $n = 2 ] && continue; echo $n; done', '1\n3\n'],
  ['while true; do echo once; break; done', 'once\n'],
  ['! true; echo $?; ! false; echo $?', '1\n0\n'],
  ['cd /etc; echo pass*; echo *.nothing', 'passwd\n*.nothing\n'],
  ['echo "a:b:c" | cut -d: -f2; echo abc | sed s/b/X/; echo foo | grep -c o', 'b\naXc\n1\n'],
  ['echo 3 1 2 | tr " " "\\n" | sort -n | xargs', '1 2 3\n'],
  ['mkdir -p /tmp/a/b && touch /tmp/a/b/c && find /tmp/a -type f', '/tmp/a/b/c\n'],
  ['eval "x=5; echo $x\\$x"', '5\n'],
  ['export V=1; env | grep ^V=; sh -c "echo [$V]"', 'V=1\n[1]\n'],
  ['V=2 sh -c \'echo $V\'; echo "[$V]"', '2\n[]\n'],
  ['readonly R=1; R=2; echo no', '', 2, 'sh: R: is read only\n'],
  ['test 1 -eq 1 && [ a != b ] && [ -z "" ] && [ ! -d /nope ] && echo ok', 'ok\n'],
  ['type cd; command -v ls', 'cd is a shell builtin\n/bin/ls\n'],
  ['cd /nope', '', 1, "sh: cd: can't cd to /nope: No such file or directory\n"],
  ['echo hi > /nope/x', '', 1, "sh: can't create /nope/x: nonexistent directory\n"],
  ['exec 3>/tmp/three; echo x >&3; exec 3>&-; cat /tmp/three', 'x\n'],
  ['f() { local a=1; echo $a; }; a=9; f; echo $a', '1\n9\n'],
  ['echo "$(cat /etc/hostname)"', 'pod-1\n'],
  ['echo `echo back`', 'back\n'],
  ['x=abc; case $x in [a-c]bc) echo m;; esac; case "$x" in a|abc) echo n;; esac', 'm\nn\n'],
  ['echo one; exit 3; echo two', 'one\n', 3],
  ['sh -c "exit 4"; echo $?', '4\n'],
  ['eval "ls /etc/passwd; echo two"', '/etc/passwd\ntwo\n'],
  ['if', '', 2, 'sh: syntax error: unexpected end of file (expecting "then")\n'],
  ['fi', '', 2, 'sh: syntax error: unexpected "fi"\n'],
  ["trap 'echo usr' USR1; kill -USR1 $$; echo after", 'usr\nafter\n'],
  ['break; echo x', 'x\n'],
  ['echo {1..3}', '{1..3}\n'],
  ['kill -TERM $$; echo survived as a child', '', 143],
  ['n=0; until [ $n -ge 2 ]; do n=$((n+1)); done; echo $n', '2\n'],
  ['ls /etc/passwd && echo "$?" && date +%Y', '/etc/passwd\n0\n2026\n'],
  ['echo $0 $1', 'sh\n'],
  ['a=1 b=2; echo $a$b; unset a; echo "[$a]"', '12\n[]\n'],
  ['cat < /nope', '', 1, "sh: can't open /nope: no such file\n"],
  ['true && echo t || echo f; false && echo t || echo f', 't\nf\n'],
  ['echo a; # comment\necho b', 'a\nb\n'],
  ['printf "%05.1f|%-5s|%x\\n" 3.14159 ab 255', '003.1|ab   |ff\n'],
  ['while getopts ab: o -a -b val; do echo $o $OPTARG; done', 'a\nb val\n'],
]

test.each(transcripts.map((transcript) => ({ script: transcript[0], transcript })))('sh -c $script', async ({ transcript: [script, out, code = 0, err = ''] }) => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '3600'] })
  const result = await node.exec(containerId, 'sh', '-c', script)
  expect(result).toEqual({ out, code, err })
})

const bashTranscripts: readonly Transcript[] = [
  ['echo {1..3} a{b,c}d', '1 2 3 abd acd\n'],
  ['a=(x "y z" w); echo ${#a[@]} "${a[1]}"; for i in "${a[@]}"; do echo "[$i]"; done', '3 y z\n[x]\n[y z]\n[w]\n'],
  ['declare -A m; m[k]=v; m[j]=w; echo ${m[k]} ${#m[@]}', 'v 2\n'],
  ['[[ abc == a* && -n x ]] && echo yes', 'yes\n'],
  ['[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}', 'b\n'],
  ['for ((i=0;i<3;i++)); do echo -n $i; done; echo', '012\n'],
  ['x=hello; echo ${x/l/L} ${x//l/L} ${x:1:3} ${x^^}', 'heLlo heLLo ell HELLO\n'],
  ['cat <<< "here $((1+1))"', 'here 2\n'],
  ['set -o pipefail; false | true; echo $?', '1\n'],
  ['nope', '', 127, 'bash: line 1: nope: command not found\n'],
  ['diff <(echo a) <(echo a) && echo same', 'same\n'],
  ['((3 > 2)) && let x=5*2 && echo $x', '10\n'],
  ['x=1; ((x++)); ((x+=5)); echo $x', '7\n'],
]

test.each(bashTranscripts.map((transcript) => ({ script: transcript[0], transcript })))('bash -c $script', async ({ transcript: [script, out, code = 0, err = ''] }) => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('debian', { command: ['sleep', '3600'] })
  expect(await node.exec(containerId, 'bash', '-c', script)).toEqual({ out, code, err })
})

test('a tight loop takes time and starves nobody', async () => {
  const node = new NodeUnderTest()
  await node.run('busybox', { command: ['sh', '-c', 'while true; do :; done'] })
  const other = await node.run('busybox', { command: ['sh', '-c', 'sleep 1; echo still here'] })
  await node.kernel.runFor(2000)
  expect(node.log(other.logPath)).toBe('still here\n')
})

test('a shell as first process runs its trap after the command that it waits for', async () => {
  const node = new NodeUnderTest()
  const { containerId, logPath } = await node.run('busybox', { command: ['sh', '-c', 'trap "echo got it; exit 0" TERM; while true; do sleep 1; done'] })
  await node.kernel.runFor(500)
  await node.settle(node.client.stopContainer(containerId, 30))
  expect(node.log(logPath)).toBe('got it\n')
  expect(await node.settle(node.client.containerStatus(containerId))).toMatchObject({ exitCode: 0 })
})

test('an interactive session: prompt, echo, editing, Ctrl-C, Ctrl-D', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '3600'] })
  const session = await node.settle(node.client.exec(containerId, ['sh'], { stdin: true, tty: true }))
  let screen = ''
  let exit: number | undefined
  session.onStdout((bytes) => {
    screen += new TextDecoder().decode(bytes)
  })
  session.onExit((code) => {
    exit = code
  })
  const type = async (text: string): Promise<void> => {
    session.writeStdin(new TextEncoder().encode(text))
    await node.kernel.runFor(100)
  }
  await node.kernel.runFor(100)
  expect(screen).toBe('/ # ')
  await type('echo hx\x7fi\r')
  expect(screen).toBe('/ # echo hx\b \bi\r\nhi\r\n/ # ')
  screen = ''
  await type('sleep 100\r')
  await type('\x03')
  expect(screen).toBe('sleep 100\r\n^C\r\n/ # ')
  screen = ''
  await type('if true\r')
  await type('then echo yes; fi\r')
  expect(screen).toBe('if true\r\n> then echo yes; fi\r\nyes\r\n/ # ')
  await type('\x04')
  expect(exit).toBe(0)
})
