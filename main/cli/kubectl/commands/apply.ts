import type { KubeObject } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { CliError, throwCollected, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { lastAppliedAnnotation, withLastApplied } from '../last-applied.ts'
import { asStruct, compactJson, sorted } from '../printing/go-json.ts'
import { objectOutputFlags, objectPrinter, operationPrinter } from '../printing/output.ts'
import { createObject, deleteObject, patchObject, type PatchKind } from '../resources/objects.ts'
import { allowedTypes, pruneFlags, visitPruned } from '../resources/prune.ts'
import { filenameFlags } from '../resources/selection.ts'
import { describeTarget, fetchTarget, filesGiven, visitInfos, type Info } from '../resources/visit.ts'
import { isMissing, watchUntil } from '../resources/watch-until.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, validateFlag, validationOf, type DryRun } from '../settings.ts'
import { withSource, withWords } from '../status-error-text.ts'
import { propagationOf } from './delete.ts'
import { editLastAppliedCommand, setLastAppliedCommand, viewLastAppliedCommand } from './apply-last-applied.ts'

const clientSideManager = 'kubectl-client-side-apply'
const serverSideManager = 'kubectl'

/** `kubectl apply`: a three-way merge made here, or server-side apply. */
export const applyCommand: Command = {
  name: 'apply',
  use: 'apply (-f FILENAME | -k DIRECTORY) [options]',
  short: 'Apply a configuration to a resource by file name or stdin',
  long: 'Apply a configuration to a resource by file name or stdin. The resource name must be specified. This resource will be created if it doesn\'t exist yet. To use \'apply\', always create the resource initially with either \'apply\' or \'create --save-config\'.\n\n JSON and YAML formats are accepted.',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    ...pruneFlags,
    dryRunFlag,
    fieldManagerFlag(clientSideManager),
    validateFlag,
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types.' },
    { name: 'cascade', type: 'string', default: 'background', bare: 'background', help: 'Must be "background", "orphan", or "foreground".' },
    { name: 'force', type: 'bool', help: 'If true, immediately remove resources from API and bypass graceful deletion.' },
    { name: 'force-conflicts', type: 'bool', help: 'If true, server-side apply will force the changes against conflicts.' },
    { name: 'grace-period', type: 'int', default: '-1', help: 'Period of time in seconds given to the resource to terminate gracefully.' },
    { name: 'openapi-patch', type: 'bool', default: 'true', help: 'If true, use openapi to calculate diff when the openapi presents and the resource can be found in the openapi spec. Otherwise, fall back to use baked-in types.' },
    { name: 'overwrite', type: 'bool', default: 'true', help: 'Automatically resolve conflicts between the modified and live configuration by using values from the modified configuration' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'server-side', type: 'bool', help: 'If true, apply runs in the server instead of the client.' },
    { name: 'subresource', type: 'string', help: 'If specified, apply will operate on the subresource of the requested object.' },
    { name: 'timeout', type: 'duration', default: '0s', help: 'The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object' },
    { name: 'wait', type: 'bool', help: 'If true, wait for resources to be gone before returning. This waits for finalizers.' },
  ],
  subcommands: [editLastAppliedCommand, setLastAppliedCommand, viewLastAppliedCommand],
  run,
}

interface Applied {
  readonly object: KubeObject
  readonly word: string
}

async function run(context: CommandContext): Promise<void> {
  const { flags, args } = context
  if (args.length > 0) throw usageError(context.path, `Unexpected args: [${args.join(' ')}]`)
  const serverSide = flags.bool('server-side')
  const dryRun = dryRunOf(context)
  if (flags.bool('force-conflicts') && !serverSide) throw new CliError('--force-conflicts only works with --server-side')
  if (dryRun === 'client' && serverSide) throw new CliError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
  if (flags.bool('force') && serverSide) throw new CliError('--force cannot be used with --server-side')
  if (flags.bool('force') && dryRun === 'server') throw new CliError('--dry-run=server cannot be used with --force')
  if (!filesGiven(context)) throw new CliError('must specify one of -f and -k')
  const prunes = flags.bool('prune')
  if (flags.bool('all') && flags.text('selector')) throw new CliError('cannot set --all and --selector at the same time')
  if (prunes && !flags.bool('all') && !flags.text('selector')) throw new CliError('all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector')
  if (prunes && serverSide) throw new CliError("--prune is in alpha and doesn't currently work on objects created by server-side apply")
  const allowed = prunes ? await allowedTypes(context) : []
  const asObjects = flags.text('output') !== '' && flags.text('output') !== 'name'
  const printObject = objectPrinter(context, undefined)
  if (!asObjects) operationPrinter(context, '')
  const infos: Info[] = []
  const errors: unknown[] = []
  const validation = validationOf(context)
  const selector = flags.text('selector')
  const { matchesSelector, parseSelector } = await import('../../../api/machinery/labels.ts')
  try {
    await visitInfos(context, [], { validate: validation !== 'Ignore' }, (info) => {
      if (selector === '' || matchesSelector(parseSelector(selector), info.object.metadata?.labels)) infos.push(info)
    })
  } catch (error) {
    errors.push(error)
  }
  if (errors.length === 0 && infos.length === 0) throw new CliError('no objects passed to apply')
  const shown: KubeObject[] = []
  const kept = { uids: new Set<string>(), namespaces: new Set<string>() }
  for (const info of infos) {
    try {
      const applied = serverSide ? await applyOnServer(context, info, dryRun, validation) : await applyHere(context, info, dryRun, validation, asObjects)
      warnIfDeleting(context, info, applied.object)
      kept.uids.add(applied.object.metadata?.uid ?? '')
      if (info.namespace) kept.namespaces.add(info.namespace)
      if (asObjects) shown.push(applied.object)
      else operationPrinter(context, applied.word, dryRun)(applied.object)
    } catch (error) {
      errors.push(error)
    }
  }
  if (asObjects && shown.length > 0) {
    context.streams.out(printObject!(shown.length === 1 ? shown[0]! : listOf(shown)))
  }
  if (prunes && errors.length === 0) {
    await visitPruned(context, allowed, { uids: kept.uids, namespaces: [...kept.namespaces] }, async (info) => {
      const grace = flags.int('grace-period')
      if (dryRun !== 'client') await deleteObject(context, info, { propagationPolicy: propagationOf(flags.text('cascade')), dryRun: dryRun === 'server', ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}) })
      if (!asObjects) operationPrinter(context, 'pruned', dryRun)(info.object)
    })
  }
  throwCollected(flatten(errors))
}

/** Several objects, as kubectl holds them: a struct around maps. */
function listOf(items: readonly KubeObject[]): KubeObject {
  return asStruct({ kind: 'List', apiVersion: 'v1', metadata: {}, items: items.map((item) => sorted(item)) }) as unknown as KubeObject
}

function flatten(errors: readonly unknown[]): unknown[] {
  return errors.flatMap((error) => ((error as { errors?: unknown[] }).errors ? flatten((error as { errors: unknown[] }).errors) : [error]))
}

function warnIfDeleting({ streams }: CommandContext, info: Info, object: KubeObject): void {
  if (object.metadata?.deletionTimestamp) streams.err(`Warning: Detected changes to resource ${info.name} which is currently being deleted.\n`)
}

async function applyHere(context: CommandContext, info: Info, dryRun: DryRun, validation: string, asObjects: boolean): Promise<Applied> {
  const { flags, streams } = context
  if (info.name === '' && (info.object.metadata as { generateName?: string } | undefined)?.generateName) {
    throw new CliError(`from ${(info.object.metadata as { generateName?: string }).generateName}: cannot use generate name with apply`)
  }
  const settings = { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager'), fieldValidation: validation }
  const modified = withLastApplied(info.object)
  let current: Info['object']
  try {
    current = await fetchTarget(context, info)
  } catch (error) {
    if (!isMissing(error)) throw withFor(error, `retrieving current configuration of:\n${describeTarget(info)}\nfrom server for:`, info.source)
    if (dryRun === 'client') return { object: modified, word: 'created' }
    try {
      return { object: await createObject(context, info.resource, info.namespace, modified, settings), word: 'created' }
    } catch (failure) {
      throw withSource(failure, 'creating', info.source)
    }
  }
  const annotated = current.metadata?.annotations?.[lastAppliedAnnotation] !== undefined
  if (dryRun !== 'client' && !annotated) {
    streams.err(`Warning: resource ${info.resource.plural}/${info.name} is missing the ${lastAppliedAnnotation} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`)
  }
  for (let attempt = 1; ; attempt++) {
    const { kind, patch } = await threeWayPatch(current, modified)
    if (dryRun === 'client') return { object: await patchedHere(current, kind, patch), word: Object.keys(patch).length === 0 ? 'unchanged' : 'configured' }
    if (Object.keys(patch).length === 0) return { object: current, word: asObjects ? 'configured' : 'unchanged' }
    try {
      return { object: await patchObject(context, info, kind, compactJson(patch), settings), word: 'configured' }
    } catch (error) {
      const reason = error instanceof StatusError ? error.reason : ''
      if (reason === 'Conflict' && attempt <= 5) {
        current = await fetchTarget(context, info)
        continue
      }
      if ((reason === 'Conflict' || reason === 'Invalid') && flags.bool('force')) return { object: await replaceByForce(context, info, modified, validation), word: 'configured' }
      throw withFor(withSource(error, 'patching', info.source), `applying patch:\n${compactJson(patch)}\nto:\n${describeTarget(info)}\nfor:`, info.source)
    }
  }
}

/** `error when <doing> "<source>": …`, with the doing on several lines. */
function withFor(error: unknown, doing: string, source: string): unknown {
  return withWords(error, `error when ${doing} "${source}": `)
}

/** The patch from an object as it is to the one wanted, with deletions of what was applied before. */
export async function threeWayPatch(current: KubeObject, modified: KubeObject): Promise<{ kind: PatchKind; patch: JsonObject }> {
  const { definitionOf } = await import('../typed.ts')
  const text = current.metadata?.annotations?.[lastAppliedAnnotation]
  const original = (text ? JSON.parse(text) : {}) as JsonObject
  const [from, to] = [current as unknown as JsonObject, modified as unknown as JsonObject]
  const definition = definitionOf(modified.apiVersion ?? '', modified.kind ?? '')
  if (definition) {
    const { createThreeWayStrategicMergePatch } = await import('../../../api/machinery/strategic-merge-diff.ts')
    return { kind: 'strategic', patch: createThreeWayStrategicMergePatch(original, to, from, definition) }
  }
  const { createThreeWayMergePatch } = await import('../../../api/machinery/merge-patch.ts')
  return { kind: 'merge', patch: createThreeWayMergePatch(original, to, from) }
}

async function patchedHere(current: KubeObject, kind: PatchKind, patch: JsonObject): Promise<KubeObject> {
  if (kind === 'merge') {
    const { applyMergePatch } = await import('../../../api/machinery/merge-patch.ts')
    return applyMergePatch(current, patch) as KubeObject
  }
  const { applyStrategicMergePatch } = await import('../../../api/machinery/strategic-merge-patch.ts')
  const { definitionOf } = await import('../typed.ts')
  return applyStrategicMergePatch(current as unknown as JsonObject, patch, definitionOf(current.apiVersion ?? '', current.kind ?? '')!) as unknown as KubeObject
}

/** --force: delete what cannot be patched, wait until it is gone, create it anew. */
async function replaceByForce(context: CommandContext, info: Info, modified: KubeObject, validation: string): Promise<KubeObject> {
  const { flags } = context
  const gracePeriodSeconds = flags.int('grace-period')
  await deleteObject(context, info, { propagationPolicy: 'Background', gracePeriodSeconds: gracePeriodSeconds < 0 ? 0 : gracePeriodSeconds })
  await watchUntil(context, info, flags.duration('timeout'), (object) => (object === undefined ? 'done' : 'go on'))
  return createObject(context, info.resource, info.namespace, modified, { fieldManager: flags.text('field-manager'), fieldValidation: validation })
}

const conflictAdvice = `
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`

async function applyOnServer(context: CommandContext, info: Info, dryRun: DryRun, validation: string): Promise<Applied> {
  const { flags } = context
  if (info.name === '') throw new CliError('resource name may not be empty')
  const fieldManager = flags.changed('field-manager') ? flags.text('field-manager') : serverSideManager
  const settings = { dryRun: dryRun === 'server', fieldManager, fieldValidation: validation, force: flags.bool('force-conflicts'), ...(flags.text('subresource') ? { subresource: flags.text('subresource') } : {}) }
  const send = (): Promise<KubeObject> => patchObject(context, info, 'apply', compactJson(info.object), settings)
  let object: KubeObject
  try {
    object = await send()
  } catch (error) {
    throw error instanceof StatusError && error.reason === 'Conflict' ? new CliError(error.message + conflictAdvice) : error
  }
  const { migratedManagers } = await import('../managed-fields.ts')
  for (let attempt = 1; dryRun === 'none' && migratedManagers(object, clientSideManager, fieldManager) && attempt <= 5; attempt++) {
    const configuration = object.metadata?.annotations?.[lastAppliedAnnotation]
    if (configuration !== undefined) {
      // The annotation gets an owner of its own, so that handing its old owner over does not remove it.
      const { apiVersion, kind } = info.object
      const annotation = { apiVersion, kind, metadata: { name: info.name, ...(info.namespace ? { namespace: info.namespace } : {}), annotations: { [lastAppliedAnnotation]: configuration } } }
      object = await patchObject(context, info, 'apply', compactJson(annotation), { fieldManager: 'kubectl-last-applied', force: true })
    }
    const migrated = migratedManagers(object, clientSideManager, fieldManager)!
    try {
    await patchObject(context, info, 'json', [
      { op: 'replace', path: '/metadata/managedFields', value: migrated },
      { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion },
      ], { fieldManager })
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error
      object = await fetchTarget(context, info)
      continue
    }
    object = await send()
  }
  return { object, word: 'serverside-applied' }
}
