import type { KubeObject } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { objectPath } from '../resources/objects.ts'
import { requestJson } from '../resources/requests.ts'
import { filenameFlags } from '../resources/selection.ts'
import { fetchTarget, filesGiven, visitInfos, type Info } from '../resources/visit.ts'

interface SigningRequest extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] }
}

function decision(name: string, word: string, type: 'Approved' | 'Denied', other: string, reason: string): Command {
  return {
    name,
    use: `certificate ${name} (-f FILENAME | NAME) [options]`,
    short: `${name === 'approve' ? 'Approve' : 'Deny'} a certificate signing request`,
    flags: [...objectOutputFlags, ...filenameFlags, { name: 'force', type: 'bool', help: 'Write the decision even if it was taken before.' }],
    async run(context) {
      const { args, flags } = context
      if (args.length === 0 && !filesGiven(context)) throw new CliError('one or more CSRs must be specified as <name> or -f <filename>')
      const print = operationPrinter(context, word)
      let count = 0
      await visitInfos(context, args.length > 0 ? ['certificatesigningrequests', ...args] : [], { fetch: true, latest: true }, async (info) => {
        count++
        print(await decide(context, info, { type, other, reason, message: `This CSR was ${word} by kubectl certificate ${name}.`, force: flags.bool('force') }))
      })
      if (count === 0) context.streams.out('No resources found\n')
    },
  }
}

interface Decision {
  readonly type: string
  readonly other: string
  readonly reason: string
  readonly message: string
  readonly force: boolean
}

/** Writes the condition to the approval subresource, anew when somebody else was faster. */
async function decide(context: CommandContext, info: Info, { type, other, reason, message, force }: Decision): Promise<KubeObject> {
  if (info.resource.kind !== 'CertificateSigningRequest') throw new CliError('can only handle certificates.k8s.io/v1 certificate signing requests')
  let request = info.object as SigningRequest
  for (let attempt = 0; ; attempt++) {
    const conditions = request.status?.conditions ?? []
    if (conditions.some((condition) => condition.type === other)) throw new CliError(`certificate signing request ${quote(info.name)} is already ${other}`)
    const known = conditions.some((condition) => condition.type === type)
    if (known && !force) return request
    const now = new Date(context.environment.now()).toISOString().replace(/\.\d+Z$/, 'Z')
    const changed = known ? request : { ...request, status: { ...request.status, conditions: [...conditions, { type, status: 'True', reason, message, lastUpdateTime: now, lastTransitionTime: now }] } }
    try {
      return await requestJson(context, 'PUT', objectPath(info.resource, undefined, info.name, 'approval'), {}, changed)
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || attempt >= 10) throw error
      request = await fetchTarget(context, info)
    }
  }
}

/** `kubectl certificate`. */
export const certificateCommand: Command = {
  name: 'certificate',
  use: 'certificate SUBCOMMAND [options]',
  short: 'Modify certificate resources',
  long: 'Modify certificate resources.',
  subcommands: [decision('approve', 'approved', 'Approved', 'Denied', 'KubectlApprove'), decision('deny', 'denied', 'Denied', 'Approved', 'KubectlDeny')],
  lenient: true,
}
