import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { saveConfiguration } from '../last-applied.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { createObject, deleteObject, replaceObject } from '../resources/objects.ts'
import { filenameFlags } from '../resources/selection.ts'
import { collectInfos, filesGiven } from '../resources/visit.ts'
import { isMissing, watchUntil } from '../resources/watch-until.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, saveConfigFlag, validateFlag, validationOf } from '../settings.ts'
import { sendRaw } from './create/create.ts'
import { withSource } from '../status-error-text.ts'
import { propagationOf } from './delete.ts'

/** `kubectl replace`. */
export const replaceCommand: Command = {
  name: 'replace',
  use: 'replace -f FILENAME [options]',
  short: 'Replace a resource by file name or stdin',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-replace'),
    saveConfigFlag,
    validateFlag,
    { name: 'cascade', type: 'string', default: 'background', bare: 'background', help: 'Must be "background", "orphan", or "foreground".' },
    { name: 'force', type: 'bool', help: 'If true, immediately remove resources from API and bypass graceful deletion.' },
    { name: 'grace-period', type: 'int', default: '-1', help: 'Period of time in seconds given to the resource to terminate gracefully.' },
    { name: 'subresource', type: 'string', help: 'If specified, replace will operate on the subresource of the requested object.' },
    { name: 'raw', type: 'string', help: 'A path of the server to put the file to, as it is.' },
    { name: 'timeout', type: 'duration', default: '0s', help: 'The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object' },
    { name: 'wait', type: 'bool', help: 'If true, wait for resources to be gone before returning. This waits for finalizers.' },
  ],
  async run(context) {
    const { flags, args, streams } = context
    if (args.length > 0) throw usageError(context.path, `Unexpected args: [${args.join(' ')}]`)
    const force = flags.bool('force')
    if (!force && flags.int('grace-period') >= 0) throw new CliError('--grace-period must have --force specified')
    if (!force && flags.duration('timeout') !== 0) throw new CliError('--timeout must have --force specified')
    if (!filesGiven(context)) throw new CliError('must specify one of -f and -k')
    if (flags.text('raw')) return sendRaw(context, 'PUT')
    const dryRun = dryRunOf(context)
    const print = operationPrinter(context, 'replaced', dryRun)
    const validation = validationOf(context)
    const settings = { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager'), fieldValidation: validation, ...(flags.text('subresource') ? { subresource: flags.text('subresource') } : {}) }
    const infos = await collectInfos(context, [], { validate: validation !== 'Ignore' })
    if (infos.length === 0) throw new CliError('no objects passed to replace')
    if (force) {
      const grace = flags.int('grace-period')
      for (const info of infos) {
        if (dryRun !== 'none') continue
        try {
          await deleteObject(context, info, { propagationPolicy: propagationOf(flags.text('cascade')), gracePeriodSeconds: Math.max(grace, 0) })
          streams.out(`${info.resource.kind.toLowerCase()}${info.resource.group ? `.${info.resource.group}` : ''} "${info.name}" deleted${info.namespace ? ` from ${info.namespace} namespace` : ''}\n`)
        } catch (error) {
          if (!isMissing(error)) throw withSource(error, 'deleting', info.source)
        }
      }
      for (const info of infos) await watchUntil(context, info, flags.duration('timeout'), (object) => (object === undefined ? 'done' : 'go on'))
    }
    const errors: unknown[] = []
    for (const info of infos) {
      const object: KubeObject = saveConfiguration(info.object, flags.bool('save-config'))
      try {
        if (dryRun === 'client') print(object)
        else if (force) print(await createObject(context, info.resource, info.namespace, object, settings))
        else print(await replaceObject(context, info, object, settings))
      } catch (error) {
        errors.push(force ? error : withSource(error, 'replacing', info.source))
      }
    }
    const { throwCollected } = await import('../cli-error.ts')
    throwCollected(errors)
  },
}
