import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError, throwCollected } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Surroundings } from '../describe/describer.ts'
import { filenameFlags } from '../resources/selection.ts'
import { collectInfos, filesGiven, visitInfos, type Info } from '../resources/visit.ts'

/** `kubectl describe`. */
export const describeCommand: Command = {
  name: 'describe',
  use: 'describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]',
  short: 'Show details of a specific resource or group of resources',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.' },
    { name: 'chunk-size', type: 'int', default: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable. This flag is beta and may change in the future.' },
    ...filenameFlags,
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.(e.g. -l key1=value1,key2=value2,key3 in (value3)). Matching objects must satisfy all of the specified label constraints." },
    { name: 'show-events', type: 'bool', default: 'true', help: 'If true, display events related to the described object. Defaults to true for a single object, false for multiple objects and prefix matching.' },
  ],
  async run(context) {
    const { args, flags, streams } = context
    if (args.length === 0 && !filesGiven(context)) {
      throw new CliError(`You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n`)
    }
    const selector = flags.text('selector')
    const infos: Info[] = []
    let failure: unknown
    try {
      await visitInfos(context, args, { fetch: true, latest: true, selector, all: selector === '' && isTypeOnly(args), allNamespaces: flags.bool('all-namespaces'), categories: true }, (info) => void infos.push(info))
    } catch (error) {
      failure = error
    }
    const showEvents = flags.changed('show-events') ? flags.bool('show-events') : failure === undefined && infos.length <= 1
    if (failure instanceof StatusError && failure.reason === 'NotFound' && args.length === 2 && infos.length === 0) return describeByPrefix(context, failure, showEvents)
    const errors: unknown[] = failure === undefined ? [] : [failure]
    let first = true
    for (const info of infos) {
      try {
        const text = await describe(context, info, showEvents)
        streams.out(first ? text : `\n\n${text}`)
        first = false
      } catch (error) {
        if (!errors.some((known) => (known as Error).message === (error as Error).message)) errors.push(error)
      }
    }
    if (infos.length === 0 && errors.length === 0) streams.err(flags.bool('all-namespaces') ? 'No resources found\n' : `No resources found in ${context.factory.namespace()} namespace.\n`)
    throwCollected(errors)
    return 0
  },
}

function isTypeOnly(args: readonly string[]): boolean {
  return args.length === 1 && !args[0]!.includes('/')
}

async function describe(context: CommandContext, { object, resource }: Info, showEvents: boolean): Promise<string> {
  const { describerFor } = await import('../describe/registry.ts')
  const around: Surroundings = { context, resource, showEvents, chunkSize: context.flags.int('chunk-size'), now: context.environment.now() }
  return (await describerFor(resource.group, resource.kind))(object, around)
}

/** No object has the name: those whose names begin with it. Throws the first failure when there are none. */
async function describeByPrefix(context: CommandContext, failure: StatusError, showEvents: boolean): Promise<number> {
  const [type, prefix] = context.args as readonly [string, string]
  const infos = (await collectInfos(context, [type], { fetch: true, all: true })).filter((info) => info.name.startsWith(prefix))
  if (infos.length === 0) throw failure
  for (const info of infos) context.streams.out(`${await describe(context, info, showEvents)}\n`)
  return 0
}
