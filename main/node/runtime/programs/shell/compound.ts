import type { ArithmeticFor, Case, For, If, Select, While } from 'unbash'
import { evaluate } from './arithmetic.ts'
import { commandCostMs } from './control-flow.ts'
import { matchGlob } from './glob.ts'
import type { Interpreter } from './interpreter.ts'

/** if, while, until, for, select and case. */

export async function runIf(shell: Interpreter, node: If): Promise<void> {
  if (await shell.condition(node.clause)) return shell.list(node.then)
  for (const elif of node.elif) if (await shell.condition(elif.clause)) return shell.list(elif.then)
  shell.state.status = 0
  if (node.else) await shell.list(node.else)
}

export async function runWhile(shell: Interpreter, node: While): Promise<void> {
  let status = 0
  for (;;) {
    // A loop of empty bodies has to take time, too.
    const pause = shell.context.work(commandCostMs)
    if (pause) await pause
    let over = false
    const goesOn = await shell.round(async () => {
      over = (await shell.condition(node.clause)) !== (node.kind === 'while')
      if (!over) await shell.list(node.body)
    })
    if (over || !goesOn) break
    status = shell.state.status
  }
  shell.state.status = status
}

export async function runFor(shell: Interpreter, node: For): Promise<void> {
  const values: string[] = []
  try {
    if (node.wordlist) for (const word of node.wordlist) values.push(...(await shell.expansion.fields(word)))
    else values.push(...shell.state.positional)
  } catch (error) {
    return shell.failed(error)
  }
  shell.state.status = 0
  for (const value of values) {
    shell.state.set(node.name.value, value)
    if (!(await shell.round(() => shell.list(node.body)))) break
    const pause = shell.context.work(commandCostMs)
    if (pause) await pause
  }
}

export async function runArithmeticFor(shell: Interpreter, node: ArithmeticFor): Promise<void> {
  await evaluate(shell.expansion, node.initialize)
  shell.state.status = 0
  while (!node.test || (await evaluate(shell.expansion, node.test)) !== 0) {
    if (!(await shell.round(() => shell.list(node.body)))) break
    await evaluate(shell.expansion, node.update)
    const pause = shell.context.work(commandCostMs)
    if (pause) await pause
  }
}

export async function runSelect(shell: Interpreter, node: Select): Promise<void> {
  const values: string[] = []
  for (const word of node.wordlist ?? []) values.push(...(await shell.expansion.fields(word)))
  await shell.context.stderr.write(values.map((value, index) => `${index + 1}) ${value}\n`).join(''))
  for (;;) {
    await shell.context.stderr.write(shell.state.get('PS3') ?? '#? ')
    const line = await shell.readLine()
    if (line === undefined) {
      shell.state.status = 1
      return
    }
    shell.state.set('REPLY', line)
    shell.state.set(node.name.value, values[Number(line) - 1] ?? '')
    if (!(await shell.round(() => shell.list(node.body)))) return
  }
}

export async function runCase(shell: Interpreter, node: Case): Promise<void> {
  let falling = false
  try {
    const subject = await shell.expansion.text(node.word)
    shell.state.status = 0
    for (const item of node.items) {
      let matches = falling
      for (const pattern of item.pattern) matches ||= matchGlob(await shell.expansion.pattern(pattern), subject)
      if (!matches) continue
      await shell.list(item.body)
      if (item.terminator === ';&') falling = true
      else if (item.terminator === ';;&') falling = false
      else return
    }
  } catch (error) {
    return shell.failed(error)
  }
}
