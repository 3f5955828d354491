import { expect, test } from 'vitest'
import { GoTemplate } from './execute.ts'
import { sprintf } from './sprintf.ts'

const data = { kind: 'Pod', n: 3, big: 1234567, nothing: null, list: ['a', { b: true }], map: { y: 1, x: 'é' } }

function run(template: string, missingIsError = false): string {
  let out = ''
  try {
    new GoTemplate('output', template, { missingIsError }).execute(data, (text) => (out += text))
    return out
  } catch (error) {
    return `${out}! ${(error as Error).message}`
  }
}

test.each([
  ['{{.kind}}-{{.n}}-{{.big}}-{{.nothing}}-{{.none}}', 'Pod-3-1.234567e+06-<no value>-<no value>'],
  ['{{.list}} {{.map}}', '[a map[b:true]] map[x:é y:1]'],
  ['{{range $i, $v := .list}}{{$i}}:{{$v}};{{end}}', '0:a;1:map[b:true];'],
  ['a {{- " b " -}} c', 'a b c'],
  ['{{define "t"}}{{.}}!{{end}}{{template "t" .kind}}', 'Pod!'],
  ['{{if and .n (eq .kind "Pod")}}y{{end}}', 'y'],
  ['{{(index .list 1).b}}', 'true'],
  ['{{.nothing.x}}', '! template: output:1:10: executing "output" at <.nothing.x>: nil pointer evaluating interface {}.x'],
  ['{{index .list 5}}', '! template: output:1:2: executing "output" at <index .list 5>: error calling index: index out of range: 5'],
  ['x\n  {{len .n}}', '! template: output:2:4: executing "output" at <len .n>: error calling len: len of type float64'],
  ['{{if .n}}', '! template: output:1: unexpected EOF'],
])('%s', (template, wanted) => {
  expect(run(template).replace(/^[^!]*(?=! template: output:2)/, '')).toBe(wanted)
})

test('a missing key is an error when asked for', () => {
  expect(run('{{.none}}', true)).toBe('! template: output:1:2: executing "output" at <.none>: map has no entry for key "none"')
})

test('what came before a mistake stays written', () => {
  expect(run('{{.kind}} {{.kind.x}}')).toMatch(/^Pod ! /)
})

test.each<[string, unknown[], string]>([
  ['%5s|%-5s|%05d|%+d', ['a', 'b', 42n, 7n], '    a|b    |00042|+7'],
  ['%q %x %v %T', ['a"b', 255n, 2.5, true], '"a\\"b" ff 2.5 bool'],
  ['%d', ['x'], '%!d(string=x)'],
  ['%s', [], '%!s(MISSING)'],
  ['x', [1n], 'x%!(EXTRA int=1)'],
])('sprintf %s', (format, values, wanted) => {
  expect(sprintf(format, values)).toBe(wanted)
})
