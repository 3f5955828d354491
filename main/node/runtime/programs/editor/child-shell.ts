import { nullFile } from '../../processes/open-file.ts'
import { Pipe } from '../../processes/pipe.ts'
import { ExecError, type ProcessContext } from '../program.ts'

/** Runs a command line with this program's terminal and waits for it. Answers its exit code. */
export async function runChild(context: ProcessContext, command: string): Promise<number> {
  const { terminal } = context
  try {
    const child = context.spawn(['sh', '-c', command], { newGroup: true })
    const before = terminal?.foreground
    if (terminal) terminal.foreground = child.group
    const code = await child.wait()
    if (terminal && before !== undefined) terminal.foreground = before
    return code
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    await context.stderr.write(`sh: ${error.message}\n`)
    return 127
  }
}

/** What a command line writes when it is given `input`, errors included. */
export async function filterThrough(context: ProcessContext, command: string, input: string): Promise<string> {
  const [into, from] = [new Pipe(), new Pipe()]
  into.reader.retain()
  from.reader.retain()
  let output = ''
  try {
    const child = context.spawn(['sh', '-c', command], { files: [into.reader, from.writer, from.writer] })
    into.reader.release()
    if (input !== '') into.push(new TextEncoder().encode(input))
    into.writer.retain()
    into.writer.release()
    const decoder = new TextDecoder()
    for (let bytes = await from.reader.read(); bytes; bytes = await from.reader.read()) output += decoder.decode(bytes, { stream: true })
    await child.wait()
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    output = `sh: ${error.message}\n`
  } finally {
    from.reader.release()
  }
  return output
}

/** Where a program that reads its text from a pipe gets its keys from. */
export function isPiped(context: ProcessContext): boolean {
  return context.descriptors[0] !== undefined && context.descriptors[0] !== nullFile && !context.descriptors[0].terminal
}
