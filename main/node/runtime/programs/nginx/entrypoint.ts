import type { Program } from '../program.ts'

/** The image's entry script: says what it prepares, then becomes the command. */
export const nginxEntrypoint: Program = async (context) => {
  const command = context.argv.slice(1)
  const first = command[0]
  if (first === 'nginx' || first === 'nginx-debug') {
    const script = '/docker-entrypoint.sh:'
    const writable = context.files.uid === 0 && !context.files.isReadOnly('/etc/nginx/conf.d/default.conf')
    const lines = [
      `${script} /docker-entrypoint.d/ is not empty, will attempt to perform configuration`,
      `${script} Looking for shell scripts in /docker-entrypoint.d/`,
      `${script} Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh`,
      ...(context.files.exists('/etc/nginx/conf.d/default.conf')
        ? writable
          ? [
              '10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf',
              '10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf',
            ]
          : ['10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/conf.d/default.conf (read-only file system?)']
        : ['10-listen-on-ipv6-by-default.sh: info: /etc/nginx/conf.d/default.conf is not a file or does not exist']),
      `${script} Sourcing /docker-entrypoint.d/15-local-resolvers.envsh`,
      `${script} Launching /docker-entrypoint.d/20-envsubst-on-templates.sh`,
      ...substituteTemplates(context),
      `${script} Launching /docker-entrypoint.d/30-tune-worker-processes.sh`,
      `${script} Configuration complete; ready for start up`,
    ]
    await context.stdout.write(sharedBytes(`${lines.join('\n')}\n`))
  }
  return context.replace(command)
}

const known = new Map<string, Uint8Array>()

/** The same bytes for the same text: thousands of servers say the same when they start. */
function sharedBytes(text: string): Uint8Array {
  let bytes = known.get(text)
  if (!bytes) {
    bytes = new TextEncoder().encode(text)
    if (known.size < 32) known.set(text, bytes)
  }
  return bytes
}

/** Fills `/etc/nginx/templates/*.template` with the environment, as the image does. */
function substituteTemplates(context: Parameters<Program>[0]): string[] {
  const directory = '/etc/nginx/templates'
  const { files, env } = context
  if (files.find(directory)?.kind !== 'directory') return []
  const said: string[] = []
  for (const name of files.list(directory)) {
    if (!name.endsWith('.template')) continue
    const target = `/etc/nginx/conf.d/${name.slice(0, -'.template'.length)}`
    const text = files.readText(`${directory}/${name}`).replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced: string | undefined, bare: string | undefined) => env.get(braced ?? bare ?? '') ?? whole)
    said.push(`20-envsubst-on-templates.sh: Running envsubst on ${directory}/${name} to ${target}`)
    files.write(target, text)
  }
  return said
}
