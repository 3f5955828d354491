/** Commands of the terminal that this process can run in place of itself. */
export const commands: Readonly<Record<string, () => Promise<(argv: readonly string[]) => Promise<number>>>> = {
  kubectl: async () => (await import('../cli/kubectl/main.ts')).main,
  etcdctl: async () => (await import('../cli/etcdctl/main.ts')).main,
}

export async function runCommand(name: string, argv: readonly string[]): Promise<number> {
  const main = await commands[name]!()
  return main(argv)
}
