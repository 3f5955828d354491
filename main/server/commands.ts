type Main = (argv: readonly string[]) => Promise<number>

/** Commands of the terminal, each loaded only when it is run. */
export const commands: Readonly<Record<string, () => Promise<Main>>> = {
  kubectl: async () => (await import('../cli/kubectl/main.ts')).main,
  etcdctl: async () => (await import('../cli/etcdctl/main.ts')).main,
  systemctl: () => onNode('systemctl'),
  journalctl: () => onNode('journalctl'),
  crictl: () => onNode('crictl'),
  ssh: () => onNode('ssh'),
}

async function onNode(command: string): Promise<Main> {
  const { main } = await import('../cli/node/main.ts')
  return (argv) => main(command, argv)
}

export async function runCommand(name: string, argv: readonly string[]): Promise<number> {
  const main = await commands[name]!()
  return main(argv)
}
