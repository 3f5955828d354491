import type { ProcessContext, Program } from './program.ts'
import { decimalsOfPi } from './pi.ts'

/** perl: the one-liner that computes π (really), and plain print statements. */
export const perl: Program = async (context) => {
  const words = context.argv.slice(1)
  const version = context.env.get('PERL_VERSION') ?? '5.36.0'
  if (words[0] === '-v') {
    await context.stdout.write(`\nThis is perl 5, version ${version.split('.')[1]}, subversion ${version.split('.')[2] ?? 0} (v${version}) built for x86_64-linux-gnu\n\n`)
    return 0
  }
  const at = words.findIndex((word) => /^-\w*[eE]$/.test(word))
  if (at < 0) {
    // `perl -de0`, a debugger at a prompt: without a terminal its input is over at once.
    if (context.descriptors[0]?.terminal) return new Promise(() => {})
    return words.length === 0 || words[0] === '-de0' ? 0 : complainOf(context, words[0]!)
  }
  const code = words[at + 1] ?? ''
  for (const statement of code.split(';').map((each) => each.trim()).filter((each) => each !== '')) {
    const pi = /^print\s+bpi\((\d+)\)$/.exec(statement)
    const text = /^(?:print|say)\s+(?:"((?:\\.|[^"])*)"|'([^']*)')$/.exec(statement)
    const sleeps = /^sleep\s*\(?(\d+)\)?$/.exec(statement)
    const exits = /^exit\s*\(?(\d+)\)?$/.exec(statement)
    const dies = /^die\s+["'](.*)["']$/.exec(statement)
    if (pi) {
      const digits = Number(pi[1])
      // Long division in perl's big numbers takes quadratic time: about five seconds for 2000 digits.
      const totalMs = Math.max(20, (digits * digits) / 800)
      for (let spent = 0; spent < totalMs; spent += 100) await context.work(Math.min(100, totalMs - spent))
      await context.stdout.write(decimalsOfPi(digits))
    } else if (text) {
      const newline = statement.startsWith('say') ? '\n' : ''
      await context.stdout.write(`${text[1] === undefined ? text[2] : text[1].replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\(.)/g, '$1')}${newline}`)
    } else if (sleeps) await context.sleep(Number(sleeps[1]) * 1000)
    else if (exits) return Number(exits[1])
    else if (dies) {
      await context.stderr.write(`${dies[1]} at -e line 1.\n`)
      return 255
    } else {
      await context.stderr.write(`Simulated perl does not know how to run: ${statement}\n`)
      return 255
    }
  }
  return 0
}

async function complainOf(context: ProcessContext, file: string): Promise<number> {
  await context.stderr.write(context.files.exists(context.path(file)) ? `Simulated perl runs only one-liners.\n` : `Can't open perl script "${file}": No such file or directory\n`)
  return 2
}
