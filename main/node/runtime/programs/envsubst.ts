import type { Program } from './program.ts'
import { readText } from './text-input.ts'

/** Fills `$NAME` and `${NAME}` from the environment; an argument limits which names. */
export const envsubst: Program = async (context) => {
  const allowed = context.argv[1]?.match(/\w+/g)
  const text = await readText(context.stdin)
  await context.stdout.write(
    text.replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? ''
      return allowed && !allowed.includes(name) ? whole : (context.env.get(name) ?? '')
    }),
  )
  return 0
}
