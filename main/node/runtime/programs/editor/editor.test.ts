import { beforeAll, describe, expect, test } from 'vitest'
import type { StreamSession } from '../../../cri.ts'
import { DrawnScreen } from '../../testing/drawn-screen.ts'
import { NodeUnderTest } from '../../testing/node-under-test.ts'

const node = new NodeUnderTest()
let container = ''

beforeAll(async () => {
  container = (await node.run('busybox', { command: ['sleep', '100000'] })).containerId
})

/** A program on a terminal of its own, and what stands on it. */
class OnTerminal {
  readonly screen = new DrawnScreen(60, 10)
  exit: number | undefined
  readonly session: StreamSession

  constructor(session: StreamSession) {
    this.session = session
    session.onStdout((bytes) => this.screen.write(new TextDecoder().decode(bytes)))
    session.onExit((code) => {
      this.exit = code
    })
    session.resize(60, 10)
  }

  async type(...texts: string[]): Promise<void> {
    for (const text of texts) {
      this.session.writeStdin(new TextEncoder().encode(text))
      await node.kernel.runFor(50)
    }
  }
}

async function start(image: string, ...command: string[]): Promise<OnTerminal> {
  if (image !== 'shared') container = (await node.run(image, { command: ['sleep', '100000'] })).containerId
  const terminal = new OnTerminal(await node.settle(node.client.exec(container, command, { stdin: true, tty: true })))
  await node.kernel.runFor(50)
  return terminal
}

const text = async (path: string): Promise<string> => (await node.exec(container, 'cat', path)).out

/** Runs vi on a file with this text and these keys, writes it, and answers what became of it. */
async function edited(before: string, ...keys: string[]): Promise<string> {
  await node.exec(container, 'sh', '-c', `printf '%s' "$1" > /tmp/f`, 'sh', before)
  const terminal = await start('shared', 'vi', '/tmp/f')
  await terminal.type(...keys, '\x1b', ':wq\r')
  expect(terminal.exit).toBe(0)
  return text('/tmp/f')
}

describe('vi', () => {
  test('draws, inserts, writes and gives the terminal back', async () => {
    const terminal = await start('busybox', 'sh')
    await terminal.type('echo before; vi /tmp/new.yaml\r')
    expect(terminal.screen.isAlternate).toBe(true)
    expect(terminal.screen.lines.slice(0, 3)).toEqual(['', '~', '~'])
    expect(terminal.screen.lines[9]).toMatch(/^"\/tmp\/new.yaml" \[New\] +0,0-1|^"\/tmp\/new.yaml" \[New\] +1,0-1 +All$/)
    await terminal.type('ia: 1\rb: 2')
    expect(terminal.screen.lines.slice(0, 2)).toEqual(['a: 1', 'b: 2'])
    expect(terminal.screen.lines[9]).toContain('-- INSERT --')
    await terminal.type('\x1b', ':w\r')
    expect(terminal.screen.lines[9]).toMatch(/^"\/tmp\/new.yaml" \[New\] 2L, 10B written/)
    expect([terminal.screen.row, terminal.screen.column]).toEqual([1, 3])
    await terminal.type(':q\r')
    expect(terminal.screen.isAlternate).toBe(false)
    expect(terminal.screen.lines[0]).toContain('vi /tmp/new.yaml')
    await terminal.type('cat /tmp/new.yaml\r')
    expect(terminal.screen.lines.join('\n')).toContain('/ # cat /tmp/new.yaml\na: 1\nb: 2\n/ #')
  })

  test.each<[string, string, string[], string]>([
    ['dd and p', 'one\ntwo\nthree\n', ['ddp'], 'two\none\nthree\n'],
    ['counts', '1\n2\n3\n4\n', ['2dd', 'P', 'G', '2p'], '1\n2\n3\n4\n1\n2\n1\n2\n'],
    ['yy and P', 'a\nb\n', ['jyyP'], 'a\nb\nb\n'],
    ['words', 'alpha beta gamma\n', ['wdw'], 'alpha gamma\n'],
    ['cw leaves the blank', 'alpha beta\n', ['cwdelta'], 'delta beta\n'],
    ['ciw, ci"', 'image: "nginx:1.2"\n', ['f"ci"redis:7'], 'image: "redis:7"\n'],
    ['x, r, ~', 'abc\n', ['x', 'rZ', 'l~'], 'ZC\n'],
    ['A, o, O', 'x\n', ['A1', '\x1b', 'o2', '\x1b', 'O3'], 'x1\n3\n2\n'],
    ['undo and redo', 'x\n', ['dd', 'u', 'Ay', '\x1b', 'u', '\x12'], 'xy\n'],
    ['dot', 'a a a\n', ['cwb', '\x1b', 'w.w.'], 'b b b\n'],
    ['dot repeats dd', '1\n2\n3\n4\n', ['dd..'], '4\n'],
    ['D and C', 'abc def\ng\n', ['wD', 'jCh'], 'abc \nh\n'],
    ['join', 'a\n  b\nc\n', ['J'], 'a b\nc\n'],
    ['search', 'a\nfoo\nb\nfoo\n', ['/foo\r', 'n', 'dd'], 'a\nfoo\nb\n'],
    ['search backwards wraps', 'x\ny\nx1\n', ['?x1\r', 'dd'], 'x\ny\n'],
    ['substitute', 'a a\na\n', [':%s/a/b/g\r'], 'b b\nb\n'],
    ['substitute in a range with groups', 'k1: v\nk2: v\nk3: v\n', [':1,2s/k\\([0-9]\\)/n\\1&/\r'], 'n1k1: v\nn2k2: v\nk3: v\n'],
    ['another delimiter', '/etc/a\n', [':s#/etc#/var#\r'], '/var/a\n'],
    ['global', 'a\nb1\nc\nb2\n', [':g/b/d\r'], 'a\nc\n'],
    ['visual lines', 'a\nb\nc\n', ['Vjd'], 'c\n'],
    ['visual characters', 'abcdef\n', ['lvld'], 'adef\n'],
    ['indent', '- a\n- b\n', [':set sw=2 et\r', 'Vj>'], '  - a\n  - b\n'],
    ['arrows while inserting', 'ac\n', ['i', '\x1b[C', 'b'], 'abc\n'],
    ['backspace joins', 'a\nb\n', ['ji', '\x7f'], 'ab\n'],
    ['a pasted manifest', '', ['ikind: Pod\rspec:\r  x: 1'], 'kind: Pod\nspec:\n  x: 1\n'],
    ['dG, dgg, d$', '1\n2\n3\n', ['jdG'], '1\n'],
    ['dt', 'a,b\n', ['dt,'], ',b\n'],
    ['percent', 'f(a(b))c\n', ['fa', 'F(', 'd%'], 'fc\n'],
    ['a filter', 'b\na\n', [':%!sort\r'], 'a\nb\n'],
    ['read a file', 'x\n', [':r /etc/hostname\r', 'd$', 'ih'], 'x\nh\n'],
    ['ZZ after :set', 'x\n', [':set paste\r', 'Ay', '\x1b', 'ZZ'], 'xy\n'],
  ])('%s', async (name, before, keys, after) => {
    if (name.startsWith('ZZ')) {
      await node.exec(container, 'sh', '-c', `printf 'x\n' > /tmp/z`)
      const terminal = await start('shared', 'vi', '/tmp/z')
      await terminal.type(...keys)
      expect([terminal.exit, await text('/tmp/z')]).toEqual([0, after])
      return
    }
    expect(await edited(before, ...keys)).toBe(after)
  })

  test('refuses to lose changes, and says what it does not know', async () => {
    const terminal = await start('busybox', 'vi', '/tmp/q')
    await terminal.type('ix\x1b', ':q\r')
    expect(terminal.screen.lines[9]).toContain('E37: No write since last change (add ! to override)')
    await terminal.type(':nonsense\r')
    expect(terminal.screen.lines[9]).toContain('E492: Not an editor command: nonsense')
    await terminal.type('/zzz\r')
    expect(terminal.screen.lines[9]).toContain('E486: Pattern not found: zzz')
    await terminal.type(':q!\r')
    expect(terminal.exit).toBe(0)
    expect((await node.exec(container, 'ls', '/tmp/q')).code).toBe(1)
  })

  test('scrolls a long file and shows line numbers', async () => {
    const terminal = await start('busybox', 'sh', '-c', 'seq 100 > /tmp/n; exec vi +50 /tmp/n')
    expect(terminal.screen.lines.slice(0, 9)).toContain('50')
    await terminal.type(':set nu\r', 'gg')
    expect(terminal.screen.lines.slice(0, 2)).toEqual(['  1 1', '  2 2'])
    await terminal.type('\x06')
    expect(terminal.screen.lines[0]).toBe('  8 8')
    await terminal.type('G')
    expect(terminal.screen.lines[8]).toBe('100 100')
    terminal.session.resize(60, 6)
    await terminal.type(':q\r')
    expect(terminal.exit).toBe(0)
  })

  test('is killed like anything else', async () => {
    const terminal = await start('busybox', 'sh')
    await terminal.type('vi /tmp/k\r')
    await node.exec(container, 'killall', '-9', 'vi')
    await terminal.type('echo back\r')
    expect(terminal.screen.lines.join('\n')).toContain('back')
  })
})

describe('less and more', () => {
  test('less pages, searches and quits', async () => {
    const terminal = await start('busybox', 'sh')
    await terminal.type('seq 100 | less\r')
    expect(terminal.screen.lines.slice(0, 10)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', ':'])
    await terminal.type(' ')
    expect(terminal.screen.lines[0]).toBe('10')
    await terminal.type('/^4[0-9]\r')
    expect(terminal.screen.lines[0]).toBe('40')
    await terminal.type('n')
    expect(terminal.screen.lines[0]).toBe('41')
    await terminal.type('G')
    expect(terminal.screen.lines.slice(8)).toEqual(['100', '(END)'])
    await terminal.type('q')
    expect(terminal.screen.isAlternate).toBe(false)
    await terminal.type('echo $?\r')
    expect(terminal.screen.lines.join('\n')).toContain('\n0\n')
  })

  test('more ends with its text; both copy into a pipe', async () => {
    const terminal = await start('busybox', 'sh', '-c', 'seq 12 > /tmp/m; sleep 0.02; more /tmp/m; echo over')
    expect(terminal.screen.lines[9]).toBe('--More--(75%)')
    await terminal.type(' ')
    expect(terminal.screen.lines.slice(-3)).toEqual(['12', 'over', ''])
    expect((await node.exec(container, 'sh', '-c', 'less /tmp/m | wc -l')).out.trim()).toBe('12')
  })
})
