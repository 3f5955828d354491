import type { Assignment, Command, CommandNode, CompoundList, ParsedScript, Pipeline, PipelineNode, Redirection, Statement, Word } from 'unbash'
import type { OpenFile } from '../../processes/open-file.ts'
import { Pipe } from '../../processes/pipe.ts'
import type { Signal } from '../../processes/signals.ts'
import { ExecError, type ProcessContext } from '../program.ts'
import { readAll } from '../text-input.ts'
import { evaluate } from './arithmetic.ts'
import { specialBuiltins } from './builtin.ts'
import { builtins, declarations } from './builtins.ts'
import { runArithmeticFor, runCase, runFor, runIf, runSelect, runWhile } from './compound.ts'
import { commandCostMs, FunctionReturn, LoopControl, ShellExit } from './control-flow.ts'
import { Expansion, quoteWord } from './expansion.ts'
import { execMessage, spawnCommand } from './external.ts'
import { parseScript, syntaxErrorText } from './parse.ts'
import { openTarget, redirect } from './redirections.ts'
import type { ShellState} from './state.ts';
import { ShellError, type FunctionBody } from './state.ts'
import { evaluateTest } from './test-expression.ts'

const callDepthMax = 1000

export interface Job {
  readonly number: number
  readonly pid: number
  readonly text: string
  readonly processes: readonly ProcessContext[]
  done: Promise<number>
  status: number | undefined
  notified: boolean
}

/** Evaluates parsed scripts in one process: a tree walker whose waits are waits on the simulated clock, pipes and
 *  children, so that any number of idle shells cost nothing.
 *  Not modelled: coprocesses, stopping jobs (Ctrl-Z), `select` menus beyond reading a number. */
export class Interpreter {
  readonly context: ProcessContext
  readonly state: ShellState
  readonly expansion: Expansion
  readonly jobs: Job[] = []
  /** Commands whose failure is being looked at: `set -e` does not count there. */
  #guarded = 0
  #depth = 0
  #loops = 0
  #lastSubstitution: number | undefined
  #pendingTraps: Signal[] = []
  #wakeOnTrap: (() => void)[] = []
  #nextJob = 1
  /** The last thing that this process does is the command being run: it may become it instead of waiting for it. */
  #final = false
  /** Descriptors of process substitutions that the running command uses. */
  readonly #substituted: number[] = []

  constructor(context: ProcessContext, state: ShellState) {
    this.context = context
    this.state = state
    this.expansion = new Expansion({
      context,
      state,
      substitute: (script) => this.#substitute(script),
      processSubstitution: (script, operator) => this.#processSubstitution(script, operator),
    })
  }

  /** Runs a whole script and answers its status; `exit` ends it early. The EXIT trap runs. */
  async runToEnd(script: ParsedScript): Promise<number> {
    this.#final = script.commands.length === 1 && script.commands[0]!.command.type === 'Command' && !script.commands[0]!.background
    try {
      await this.runScript(script)
    } catch (error) {
      this.#catch(error)
    }
    return this.finish()
  }

  /** What is left to do when the shell ends: the EXIT trap. Answers the final status. */
  async finish(): Promise<number> {
    const trap = this.state.traps.get('EXIT')
    this.state.traps.delete('EXIT')
    if (trap) {
      const status = this.state.status
      try {
        await this.runScript(parseScript(trap))
        this.state.status = status
      } catch (error) {
        this.#catch(error)
      }
    }
    return this.state.status
  }

  #catch(error: unknown): void {
    if (error instanceof ShellExit || error instanceof FunctionReturn) this.state.status = error.status
    else if (!(error instanceof LoopControl)) throw error
  }

  async runScript(script: ParsedScript): Promise<void> {
    if (script.errors && script.errors.length > 0) {
      const { flavour, name, interactive } = this.state
      const text = syntaxErrorText(script.errors[0]!, flavour)
      if (flavour === 'bash' && !interactive) await this.context.stderr.write(`${name}: -c: line 1: ${text}\n`)
      else await this.complain(text)
      this.state.status = 2
      if (!this.state.interactive) throw new ShellExit(2)
      return
    }
    await this.#statements(script.commands)
  }

  /** Writes a message as this shell writes its own. */
  complain(text: string): Promise<void> {
    const { flavour, name, interactive } = this.state
    const shell = name.startsWith('-') ? name.slice(1) : name
    const line = interactive || flavour === 'ash' ? '' : flavour === 'bash' ? 'line 1: ' : '1: '
    return this.context.stderr.write(`${flavour === 'ash' ? shell.split('/').at(-1)! : shell}: ${line}${text}\n`)
  }

  async #statements(statements: readonly Statement[]): Promise<void> {
    for (const statement of statements) {
      if (statement.background) this.#startBackground(statement)
      else await this.#statement(statement)
      if (this.#pendingTraps.length > 0) await this.runPendingTraps()
    }
  }

  list(list: CompoundList): Promise<void> {
    return this.#statements(list.commands)
  }

  async #statement(statement: Statement): Promise<void> {
    const { command } = statement
    if (command.type !== 'AndOr') {
      await this.#pipelineNode(command)
      return
    }
    for (let index = 0; index < command.commands.length; index++) {
      if (index > 0) {
        const operator = command.operators[index - 1]
        if (operator === '&&' ? this.state.status !== 0 : this.state.status === 0) continue
      }
      const last = index === command.commands.length - 1
      if (!last) this.#guarded++
      try {
        await this.#pipelineNode(command.commands[index]!)
      } finally {
        if (!last) this.#guarded--
      }
    }
  }

  async #pipelineNode(node: PipelineNode): Promise<void> {
    if (node.type !== 'Pipeline') {
      await this.#command(node)
      if (this.state.status !== 0 || this.state.variables.has('PIPESTATUS')) await this.#checkErrexit(node)
      return
    }
    const negated = node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1
    const timed = node.prefixes.some((prefix) => prefix.type === 'Time')
    const startedAt = this.context.clock.now()
    if (negated) this.#guarded++
    try {
      if (node.commands.length === 1) await this.#command(node.commands[0]!)
      else if (node.commands.length > 1) await this.#pipeline(node)
    } finally {
      if (negated) this.#guarded--
    }
    if (timed) {
      const seconds = (this.context.clock.now() - startedAt) / 1000
      const shown = (value: number): string => (this.state.flavour === 'bash' ? `${Math.floor(value / 60)}m${(value % 60).toFixed(3)}s` : `${Math.floor(value / 60)}m ${(value % 60).toFixed(2)}s`)
      await this.context.stderr.write(`${this.state.flavour === 'bash' ? '\n' : ''}real\t${shown(seconds)}\nuser\t${shown(0)}\nsys\t${shown(0)}\n`)
    }
    if (negated) this.state.status = this.state.status === 0 ? 1 : 0
    else if (this.state.status !== 0) await this.#checkErrexit(node)
  }

  async #checkErrexit(node: PipelineNode): Promise<void> {
    if (node.type === 'Command' && this.state.variables.has('PIPESTATUS')) this.state.setArray('PIPESTATUS', [String(this.state.status)])
    if (this.state.status === 0 || this.#guarded > 0) return
    // Compound commands have already had their say inside, except where they are a pipeline of their own.
    if (node.type !== 'Command' && node.type !== 'Pipeline' && node.type !== 'Subshell' && node.type !== 'TestCommand' && node.type !== 'ArithmeticCommand') return
    const trap = this.state.traps.get('ERR')
    if (trap) {
      const { status } = this.state
      this.state.traps.delete('ERR')
      await this.runScript(parseScript(trap))
      this.state.traps.set('ERR', trap)
      this.state.status = status
    }
    if (this.state.options.errexit) throw new ShellExit(this.state.status)
  }

  // ---- Pipelines, subshells, jobs

  async #pipeline(node: Pipeline): Promise<void> {
    const children = this.#startPipeline(node, this.context.descriptors, this.state.interactive)
    const statuses = await this.#waitForeground(children)
    this.state.status = this.state.options.pipefail ? (statuses.findLast((status) => status !== 0) ?? 0) : statuses.at(-1)!
    this.state.setArray('PIPESTATUS', statuses.map(String))
  }

  #startPipeline(node: Pipeline, files: readonly (OpenFile | undefined)[], newGroup: boolean): ProcessContext[] {
    const children: ProcessContext[] = []
    let input = files[0]
    let group = 0
    node.commands.forEach((command, index) => {
      const last = index === node.commands.length - 1
      const pipe = last ? undefined : new Pipe()
      const own = [...files]
      own[0] = input
      if (pipe) {
        own[1] = pipe.writer
        if (node.operators[index] === '|&') own[2] = pipe.writer
      }
      const child = this.fork((shell) => shell.#last(command), own, newGroup && index === 0)
      if (newGroup) {
        if (index === 0) group = child.pid
        else (child as { group: number }).group = group
      }
      children.push(child)
      input = pipe?.reader
    })
    return children
  }

  /** Starts a subshell that runs `body`. */
  fork(body: (shell: Interpreter) => Promise<void>, files: readonly (OpenFile | undefined)[] = this.context.descriptors, newGroup = false): ProcessContext {
    const state = this.state.fork()
    const guarded = this.#guarded
    const loops = this.#loops
    return this.context.fork(
      async (context) => {
        const shell = new Interpreter(context, state)
        shell.#guarded = guarded
        shell.#loops = loops
        try {
          await body(shell)
          if (shell.#pendingTraps.length > 0) await shell.runPendingTraps()
        } catch (error) {
          if (error instanceof ShellError) await shell.failed(error, true).catch((exit: unknown) => shell.#catch(exit))
          else shell.#catch(error)
        }
        return shell.finish()
      },
      { files, newGroup, env: this.context.env },
    )
  }

  async #waitForeground(children: readonly ProcessContext[]): Promise<number[]> {
    const terminal = this.state.interactive ? this.context.terminal : undefined
    if (terminal) terminal.foreground = children[0]!.group
    const statuses: number[] = []
    for (const child of children) statuses.push(await child.wait())
    if (terminal) {
      terminal.foreground = this.context.group
      if (statuses.at(-1) === 130) await this.context.stderr.write('\n')
    }
    return statuses
  }

  #startBackground(statement: Statement): void {
    const files = [...this.context.descriptors]
    if (!this.state.interactive) files[0] = undefined
    const { command } = statement
    const child = this.fork((shell) => (command.type === 'Command' ? shell.#last(command) : shell.#statement({ ...statement, background: undefined })), files, this.state.interactive)
    this.addJob([child], statementText(statement))
    this.state.backgroundPid = child.pid
    this.state.status = 0
    if (this.state.interactive && this.state.flavour === 'bash') void this.context.stderr.write(`[${this.jobs.at(-1)!.number}] ${child.pid}\n`)
  }

  addJob(processes: readonly ProcessContext[], text: string): Job {
    const last = processes.at(-1)!
    const job: Job = { number: this.jobs.length === 0 ? (this.#nextJob = 1) : ++this.#nextJob, pid: last.pid, text, processes, done: last.wait(), status: undefined, notified: false }
    void job.done.then((status) => {
      job.status = status
    })
    this.jobs.push(job)
    // Scripts may start jobs without end and never ask for them.
    if (this.jobs.length > 200) this.jobs.splice(0, this.jobs.length - 200)
    return job
  }

  /** Waits for a promise, or until a trapped signal comes (then undefined). */
  async interruptible<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.#pendingTraps.length > 0) return undefined
    let wake!: () => void
    const trapped = new Promise<undefined>((resolve) => {
      wake = () => resolve(undefined)
      this.#wakeOnTrap.push(wake)
    })
    const result = await Promise.race([promise, trapped])
    this.#wakeOnTrap = this.#wakeOnTrap.filter((each) => each !== wake)
    return result
  }

  /** A trapped signal came: its command runs between two others. */
  trapped(signal: Signal): void {
    this.#pendingTraps.push(signal)
    for (const wake of this.#wakeOnTrap.splice(0)) wake()
  }

  async runPendingTraps(): Promise<void> {
    while (this.#pendingTraps.length > 0) {
      const signal = this.#pendingTraps.shift()!
      const action = this.state.traps.get(signal)
      if (action === undefined || action === '') continue
      const status = this.state.status
      await this.runScript(parseScript(action))
      this.state.status = status
    }
  }

  async #substitute(script: ParsedScript | undefined): Promise<string> {
    if (!script) return ''
    const only = script.commands.length === 1 ? script.commands[0]!.command : undefined
    if (only?.type === 'Command' && !only.name && only.prefix.length === 1 && only.redirects[0]?.type === 'Redirect' && only.redirects[0].operator === '<') {
      const path = await this.expansion.text(only.redirects[0].target)
      const file = openTarget(this, path, 'read')
      return trimmed(await readAll({ read: async (limit) => file.read(limit) }))
    }
    const pipe = new Pipe()
    const files = [...this.context.descriptors]
    files[1] = pipe.writer
    pipe.reader.retain()
    const child = this.fork((shell) => shell.runScript(script), files)
    const output = await readAll({ read: async (limit) => pipe.reader.read(limit) })
    this.#lastSubstitution = this.state.status = await child.wait()
    pipe.reader.release()
    return trimmed(output)
  }

  #processSubstitution(script: ParsedScript | undefined, operator: '<' | '>'): string {
    const pipe = new Pipe()
    const files = [...this.context.descriptors]
    const mine = operator === '<' ? pipe.reader : pipe.writer
    files[operator === '<' ? 1 : 0] = operator === '<' ? pipe.writer : pipe.reader
    mine.retain()
    if (script) this.fork((shell) => shell.runScript(script), files)
    let descriptor = 63
    while (this.context.descriptors[descriptor]) descriptor--
    this.context.descriptors[descriptor] = mine
    this.#substituted.push(descriptor)
    return `/dev/fd/${descriptor}`
  }

  /** Lets go of the ends of process substitutions when their command is over. */
  #closeSubstituted(): void {
    for (const descriptor of this.#substituted.splice(0)) {
      this.context.descriptors[descriptor]?.release()
      this.context.descriptors[descriptor] = undefined
    }
  }

  // ---- Commands

  /** Runs the only command of this process. */
  #last(node: CommandNode): Promise<void> {
    this.#final = node.type === 'Command'
    return this.#command(node)
  }

  async #command(node: CommandNode): Promise<void> {
    const pause = this.context.work(commandCostMs)
    if (pause) await pause
    switch (node.type) {
      case 'Command':
        await this.#simple(node)
        if (this.#substituted.length > 0) this.#closeSubstituted()
        return
      case 'Redirected':
        return this.#withRedirections(node.redirects, () => this.#command(node.command))
      case 'If':
        return runIf(this, node)
      case 'While':
        return runWhile(this, node)
      case 'For':
        return runFor(this, node)
      case 'ArithmeticFor':
        return runArithmeticFor(this, node)
      case 'Select':
        return runSelect(this, node)
      case 'Case':
        return runCase(this, node)
      case 'BraceGroup':
        return this.list(node.body)
      case 'Subshell': {
        const child = this.fork((shell) => shell.list(node.body))
        this.state.status = (await this.#waitForeground([child]))[0]!
        return
      }
      case 'Function':
        this.state.functions.set(node.name.value, node.body)
        this.state.status = 0
        return
      case 'TestCommand':
        return this.#guard(async () => {
          this.state.status = (await evaluateTest(this.context, this.expansion, node.expression)) ? 0 : 1
        })
      case 'ArithmeticCommand':
        return this.#guard(async () => {
          this.state.status = (await evaluate(this.expansion, node.expression)) !== 0 ? 0 : 1
        })
      case 'Coproc':
        await this.complain('coproc: not supported')
        this.state.status = 2
    }
  }

  /** Whether a list succeeds; its failure is no error. */
  async condition(list: CompoundList): Promise<boolean> {
    this.#guarded++
    try {
      await this.list(list)
    } finally {
      this.#guarded--
    }
    return this.state.status === 0
  }

  async #simple(node: Command): Promise<void> {
    this.#lastSubstitution = undefined
    const final = this.#final
    this.#final = false
    let words: string[]
    try {
      words = await this.#words(node)
    } catch (error) {
      return this.failed(error)
    }
    const assignments = node.prefix.filter((each): each is Assignment => each.type === 'Assignment')
    const name = words[0]
    if (name === undefined) {
      await this.#guard(async () => {
        for (const assignment of assignments) await this.assign(assignment)
        if (this.state.options.xtrace) for (const assignment of assignments) await this.#trace([`${assignment.name}=${this.state.get(assignment.name) ?? ''}`])
        this.state.status = this.#lastSubstitution ?? 0
        if (node.redirects.length > 0) await this.#withRedirections(node.redirects, async () => {})
      })
      return
    }
    if (this.state.options.xtrace) await this.#trace(words, assignments)
    const body = this.state.functions.get(name)
    if (body && !specialBuiltins.has(name)) {
      return this.#withRedirections(node.redirects, () => this.#withAssignments(assignments, false, () => this.call(body, words)))
    }
    const builtin = builtins.get(name)
    if (builtin) {
      if (name === 'exec') return this.#exec(node, words, assignments)
      return this.#withRedirections(node.redirects, () =>
        this.#withAssignments(assignments, this.state.flavour !== 'bash' && specialBuiltins.has(name), async () => {
          this.state.status = await builtin(this, words, node)
        }),
      )
    }
    await this.#external(node, words, assignments, final)
  }

  async #words(node: Command): Promise<string[]> {
    const words: string[] = []
    if (!node.name) return words
    words.push(...(await this.expansion.fields(node.name)))
    const declares = declarations.has(words[0] ?? '')
    for (const argument of node.args) {
      if (argument.type === 'Word') words.push(...(await this.expansion.fields(argument)))
      else if (argument.value.type === 'ArrayValue' || (declares && argument.index)) words.push(argument.text)
      else words.push(`${argument.name}${argument.append ? '+=' : '='}${await this.expansion.text(argument.value)}`)
    }
    const alias = this.state.aliases.get(words[0] ?? '')
    if (alias !== undefined && this.state.interactive) words.splice(0, 1, ...alias.split(/\s+/))
    return words
  }

  /** Performs one assignment. Throws ShellError. */
  async assign(assignment: Assignment): Promise<void> {
    const { state } = this
    const { value, name } = assignment
    if (value.type === 'ArrayValue') {
      const previous = state.variables.get(name)?.value
      if (previous instanceof Map) {
        const map = assignment.append ? previous : new Map<string, string>()
        for (const element of value.elements) {
          const match = /^\[(.+?)\]=([\s\S]*)$/.exec(await this.expansion.text(element))
          if (match) map.set(match[1]!.replace(/^["']|["']$/g, ''), match[2]!)
        }
        state.setArray(name, map)
        return
      }
      const values: string[] = assignment.append ? [...state.elements(name)] : []
      for (const element of value.elements) {
        const indexed = /^\[(\d+)\]=/.exec(element.text)
        if (indexed) values[Number(indexed[1])] = (await this.expansion.text(element)).slice(indexed[0].length)
        else values.push(...(await this.expansion.fields(element)))
      }
      state.setArray(name, values)
      return
    }
    let text = await this.expansion.text(value)
    if (assignment.index) {
      const isMap = state.variables.get(name)?.value instanceof Map
      const index = isMap ? await this.expansion.text(assignment.index) : await this.#arithmeticText(await this.expansion.text(assignment.index))
      state.setElement(name, index, text)
      return
    }
    if (state.variables.get(name)?.integer) text = String(await this.#arithmeticText(assignment.append ? `${state.get(name) ?? 0}+(${text})` : text))
    else if (assignment.append) text = (state.get(name) ?? '') + text
    state.set(name, text)
  }

  async #arithmeticText(text: string): Promise<number> {
    const command = parseScript(`((${text}))`).commands[0]?.command
    return command?.type === 'ArithmeticCommand' ? evaluate(this.expansion, command.expression) : 0
  }

  /** Assignments before a command hold only for it, except before special builtins. */
  async #withAssignments(assignments: readonly Assignment[], lasting: boolean, run: () => Promise<void>): Promise<void> {
    if (assignments.length === 0) return this.#guard(run)
    const before = assignments.map(({ name }) => [name, this.state.variables.get(name)] as const)
    await this.#guard(async () => {
      for (const assignment of assignments) {
        const known = this.state.variables.get(assignment.name)
        if (!lasting && known) this.state.variables.set(assignment.name, { ...known, readOnly: false })
        await this.assign(assignment)
        if (!lasting) this.state.export(assignment.name)
      }
      try {
        await run()
      } finally {
        if (!lasting) {
          for (const [name, variable] of before) {
            if (variable) this.state.variables.set(name, variable)
            else this.state.variables.delete(name)
          }
        }
      }
    })
  }

  get inLoop(): boolean {
    return this.#loops > 0
  }

  /** Runs one round of a loop; false when the loop is to end. */
  async round(body: () => Promise<void>): Promise<boolean> {
    this.#loops++
    try {
      await body()
      return true
    } catch (error) {
      return loopGoesOn(error)
    } finally {
      this.#loops--
    }
  }

  /** Runs a function. */
  async call(body: FunctionBody, words: readonly string[]): Promise<void> {
    if (this.#depth >= callDepthMax) throw new ShellError(`${words[0]}: maximum function nesting level exceeded (${callDepthMax})`)
    const { positional } = this.state
    this.state.positional = words.slice(1)
    this.state.locals.push(new Map())
    this.#depth++
    try {
      if (body.type === 'CompoundList') await this.list(body)
      else await this.#command(body)
    } catch (error) {
      if (!(error instanceof FunctionReturn)) throw error
      this.state.status = error.status
    } finally {
      this.#depth--
      this.state.leaveFunction()
      this.state.positional = positional
    }
  }

  async #external(node: Command, words: readonly string[], assignments: readonly Assignment[], final: boolean): Promise<void> {
    const env = this.state.environment()
    await this.#guard(async () => {
      for (const assignment of assignments) {
        if (assignment.value.type === 'Word') env.set(assignment.name, (assignment.append ? (this.state.get(assignment.name) ?? '') : '') + (await this.expansion.text(assignment.value)))
      }
      const files = [...this.context.descriptors]
      if (!(await redirect(this, node.redirects, files))) return
      if (final && this.state.traps.size === 0 && this.#substituted.length === 0 && (await this.#become(words, env, files))) return
      const child = await spawnCommand(this, words, env, files)
      if (child) this.state.status = (await this.#waitForeground([child]))[0]!
    })
  }

  /** Replaces this process by its last command; false when that cannot be, for the usual complaint. */
  async #become(words: readonly string[], env: Map<string, string>, files: readonly (OpenFile | undefined)[]): Promise<boolean> {
    const path = this.state.get('PATH')
    if (path !== undefined && !env.has('PATH')) env.set('PATH', path)
    this.#setDescriptors(files)
    try {
      return await this.context.replace(words, env)
    } catch (error) {
      if (error instanceof ExecError) return false
      throw error
    }
  }

  #setDescriptors(files: readonly (OpenFile | undefined)[]): void {
    const { descriptors } = this.context
    for (let index = 0; index < Math.max(files.length, descriptors.length); index++) {
      const [before, after] = [descriptors[index], files[index]]
      if (before === after) continue
      after?.retain()
      before?.release()
      descriptors[index] = after
    }
  }

  async #exec(node: Command, words: readonly string[], assignments: readonly Assignment[]): Promise<void> {
    const files = [...this.context.descriptors]
    if (!(await redirect(this, node.redirects, files))) {
      if (!this.state.interactive) throw new ShellExit(1)
      return
    }
    // The redirections of exec stay.
    this.#setDescriptors(files)
    let command = words.slice(1)
    if (command[0] === '--') command = command.slice(1)
    if (command[0] === '-a') command = command.slice(2)
    if (command[0] === '-c' || command[0] === '-l') command = command.slice(1)
    if (command.length === 0) {
      for (const assignment of assignments) await this.assign(assignment)
      this.state.status = 0
      return
    }
    const env = this.state.environment()
    for (const assignment of assignments) if (assignment.value.type === 'Word') env.set(assignment.name, await this.expansion.text(assignment.value))
    try {
      this.context.cwd = this.state.get('PWD') ?? this.context.cwd
      await this.context.replace(command, env)
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      await this.complain(this.state.flavour === 'bash' && error.reason === 'not-found' && !command[0]!.includes('/') ? `exec: ${command[0]}: not found` : `exec: ${execMessage(this.state.flavour, error, command[0]!)}`)
      this.state.status = error.reason === 'not-found' ? 127 : 126
      if (!this.state.interactive) throw new ShellExit(this.state.status)
    }
  }

  // ---- Redirections

  async #withRedirections(redirects: readonly Redirection[], run: () => Promise<void>): Promise<void> {
    if (redirects.length === 0) return run()
    const { descriptors } = this.context
    const files = [...descriptors]
    if (!(await redirect(this, redirects, files))) return
    const before = [...descriptors]
    for (const file of files) file?.retain()
    descriptors.splice(0, descriptors.length, ...files)
    try {
      await run()
    } finally {
      // A process that has ended meanwhile has already let go of what it had.
      if (!this.context.ended) {
        for (const file of descriptors) file?.release()
        descriptors.splice(0, descriptors.length, ...before)
      }
    }
  }

  // ---- Errors and tracing

  async #guard(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      await this.failed(error)
    }
  }

  /** An expansion error ends a script; at a prompt it only ends the command. */
  async failed(error: unknown, fatal = !this.state.interactive): Promise<void> {
    if (!(error instanceof ShellError)) throw error
    await this.complain(error.message)
    this.state.status = error.statusOf(this.state.flavour)
    if (fatal) throw new ShellExit(this.state.status)
  }

  async #trace(words: readonly string[], assignments: readonly Assignment[] = []): Promise<void> {
    const before = assignments.map((each) => `${each.text} `).join('')
    const plain = this.state.flavour === 'dash'
    const shown = words.map((word) => (plain || /^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word))).join(' ')
    await this.context.stderr.write(`${this.state.get('PS4') ?? '+ '}${before}${shown}\n`)
  }

  /** One line of standard input, without its end; undefined at the end. Reads no further than the line. */
  async readLine(delimiter = '\n', descriptor = 0): Promise<string | undefined> {
    const bytes: number[] = []
    const end = delimiter.charCodeAt(0)
    const file = this.context.descriptors[descriptor]
    if (!file) return undefined
    for (;;) {
      const chunk = await this.context.read(descriptor, 1)
      if (!chunk) return bytes.length > 0 ? new TextDecoder().decode(Uint8Array.from(bytes)) : undefined
      if (chunk[0] === end) return new TextDecoder().decode(Uint8Array.from(bytes))
      bytes.push(chunk[0]!)
    }
  }
}

/** Whether a loop goes on after what its body threw: `continue` for this level. Answers false for `break`, and throws on
 *  what concerns loops further out, or no loop. */
function loopGoesOn(error: unknown): boolean {
  if (!(error instanceof LoopControl)) throw error
  if (error.levels > 1) {
    error.levels--
    throw error
  }
  return error.kind === 'continue'
}

function trimmed(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\n+$/, '').replaceAll('\0', '')
}

function statementText(statement: Statement): string {
  const { command } = statement
  if (command.type === 'Command') return [command.name?.text ?? '', ...command.args.map((argument: Word | Assignment) => argument.text)].join(' ')
  return command.type.toLowerCase()
}
