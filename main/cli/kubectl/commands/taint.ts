import { isLabelValue, isQualifiedName } from '../../../api/machinery/names.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject } from '../resources/objects.ts'
import { visitInfos } from '../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, validateFlag } from '../settings.ts'

interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

/** `kubectl taint`. */
export const taintCommand: Command = {
  name: 'taint',
  use: 'taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]',
  short: 'Update the taints on one or more nodes',
  flags: [
    ...objectOutputFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-taint'),
    validateFlag,
    { name: 'all', type: 'bool', help: 'Select all nodes in the cluster' },
    { name: 'overwrite', type: 'bool', help: 'If true, allow taints to be overwritten, otherwise reject taint updates that overwrite existing taints.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
  ],
  async run(context) {
    const { flags, args } = context
    const isChange = (word: string): boolean => word.includes('=') || word.endsWith('-') || word.includes(':')
    const first = args.findIndex(isChange)
    const resources = first < 0 ? [...args] : args.slice(0, first)
    const words = first < 0 ? [] : args.slice(first)
    const stray = words.find((word) => !isChange(word))
    if (stray) throw new CliError(`all resources must be specified before taint changes: ${stray}`)
    if (resources.length === 0) throw new CliError('one or more resources must be specified as <resource> <name>')
    if (words.length === 0) throw new CliError('at least one taint update is required')
    const add: Taint[] = []
    const remove: { key: string; effect: string }[] = []
    for (const word of words) {
      try {
        if (word.endsWith('-')) {
          const [key, effect = ''] = word.slice(0, -1).split(':') as [string, string?]
          remove.push({ key: key.split('=')[0]!, effect: checkedEffect(effect, true) })
        } else add.push(parseTaint(word))
      } catch (error) {
        throw error instanceof CliError ? usageError(context.path, error.message) : error
      }
    }
    const [type] = resources
    const resource = await context.factory.mapper().byName(type!.split('/')[0]!)
    if (resource.kind !== 'Node') throw new CliError(`invalid resource type ${type}, only node types are supported`)
    const dryRun = dryRunOf(context)
    operationPrinter(context, '')
    await visitInfos(context, resources, { fetch: true, all: flags.bool('all'), selector: flags.text('selector') }, async (info) => {
      const before = ((info.object as { spec?: { taints?: Taint[] } }).spec?.taints ?? []) as Taint[]
      const clashing = add.filter((taint) => before.some((old) => old.key === taint.key && old.effect === taint.effect))
      if (clashing.length > 0 && !flags.bool('overwrite')) throw new CliError(`node ${info.name} already has a taint(s) with same effect(s) and --overwrite is false`)
      for (const { key, effect } of remove) if (!before.some((old) => old.key === key && (effect === '' || old.effect === effect))) throw new CliError(`taint "${key}${effect ? `:${effect}` : ''}" not found`)
      const kept = before.filter((old) => !remove.some(({ key, effect }) => old.key === key && (effect === '' || old.effect === effect)) && !add.some((taint) => taint.key === old.key && taint.effect === old.effect))
      const after = [...add, ...kept]
      const word = remove.length > 0 && add.length === 0 ? 'untainted' : clashing.length > 0 || remove.length > 0 ? 'modified' : 'tainted'
      const changed = { ...info.object, spec: { ...(info.object as { spec?: object }).spec, taints: after } } as KubeObject
      if (dryRun === 'client') return operationPrinter(context, word)(changed)
      operationPrinter(context, word)(await patchObject(context, info, 'merge', { spec: { taints: after.length > 0 ? after : null } }, { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager') }))
    })
  },
}

function parseTaint(word: string): Taint {
  const parts = word.split(':')
  if (parts.length > 2) throw new CliError(`invalid taint spec: ${word}`)
  const [pair, effect] = parts as [string, string?]
  const [key, value, ...more] = pair.split('=') as [string, string?, ...string[]]
  if (effect === undefined || more.length > 0) throw new CliError(`invalid taint spec: ${word}`)
  checkedEffect(effect, false)
  const problems = isQualifiedName(key)
  if (problems.length > 0) throw new CliError(`invalid taint spec: ${word}, ${problems.join('; ')}`)
  const bad = value ? isLabelValue(value) : []
  if (bad.length > 0) throw new CliError(`invalid taint spec: ${word}, ${bad.join('; ')}`)
  return { key, ...(value ? { value } : {}), effect }
}

function checkedEffect(effect: string, maybeNone: boolean): string {
  if ((maybeNone && effect === '') || ['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect)) return effect
  throw new CliError(`invalid taint effect: ${effect}, unsupported taint effect`)
}
