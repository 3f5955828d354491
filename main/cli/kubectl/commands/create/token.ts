import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { objectFormats, objectOutputFlags, objectPrinter } from '../../printing/output.ts'
import { objectPath } from '../../resources/objects.ts'
import { requestJson } from '../../resources/requests.ts'
import { nameArgument } from './create.ts'

export const createTokenCommand: Command = {
  name: 'token',
  use: 'create token SERVICE_ACCOUNT_NAME [options]',
  short: 'Request a service account token',
  flags: [
    ...objectOutputFlags,
    { name: 'audience', type: 'array', help: 'Audience of the requested token.' },
    { name: 'duration', type: 'duration', default: '0s', help: 'Requested lifetime of the issued token.' },
    { name: 'bound-object-kind', type: 'string', help: 'Kind of an object to bind the token to.' },
    { name: 'bound-object-name', type: 'string', help: 'Name of an object to bind the token to.' },
    { name: 'bound-object-uid', type: 'string', help: 'UID of an object to bind the token to.' },
  ],
  async run(context) {
    const { flags, factory, streams } = context
    const name = nameArgument(context)
    const durationMs = flags.duration('duration')
    if (durationMs < 0) throw new CliError('--duration must be greater than or equal to 0')
    if (durationMs % 1_000 !== 0) throw new CliError('--duration cannot be expressed in units less than seconds')
    const kind = flags.text('bound-object-kind')
    if (kind === '') {
      if (flags.text('bound-object-name')) throw new CliError('--bound-object-name can only be set if --bound-object-kind is provided')
      if (flags.text('bound-object-uid')) throw new CliError('--bound-object-uid can only be set if --bound-object-kind is provided')
    } else if (!['Pod', 'Secret', 'Node'].includes(kind)) throw new CliError('supported --bound-object-kind values are Node, Pod, Secret')
    else if (!flags.text('bound-object-name')) throw new CliError('--bound-object-name is required if --bound-object-kind is provided')
    const bound = kind ? { boundObjectRef: { kind, apiVersion: 'v1', name: flags.text('bound-object-name'), ...(flags.text('bound-object-uid') ? { uid: flags.text('bound-object-uid') } : {}) } } : {}
    const body = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      spec: { audiences: flags.list('audience').length > 0 ? flags.list('audience') : null, expirationSeconds: durationMs > 0 ? durationMs / 1_000 : null, ...bound },
      status: { token: '', expirationTimestamp: null },
    }
    const resource = await factory.mapper().byKind('v1', 'ServiceAccount')
    let answer: KubeObject & { status?: { token?: string } }
    try {
      answer = await requestJson(context, 'POST', objectPath(resource, factory.namespace(), name, 'token'), {}, body)
    } catch (error) {
      throw new CliError(`failed to create token: ${(error as Error).message}`)
    }
    if (!answer.status?.token) throw new CliError('failed to create token: no token in server response')
    const print = objectPrinter(context, objectFormats)
    const { inStructOrder } = await import('../../typed.ts')
    streams.out(print ? print(inStructOrder(answer)) : answer.status.token)
  },
}
