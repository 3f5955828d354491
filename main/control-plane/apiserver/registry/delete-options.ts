import { fieldInvalid, fieldNotSupported } from '../../../api/machinery/field-error.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import { invalid } from '../../../api/machinery/status-error.ts'

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan'

/** How something is to be deleted. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: PropagationPolicy
  readonly orphanDependents?: boolean
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: readonly string[]
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
}

/** Throws Invalid for options that contradict themselves. */
export function validateDeleteOptions(options: DeleteOptions): void {
  const errors: FieldError[] = []
  if (options.orphanDependents !== undefined && options.propagationPolicy !== undefined) errors.push(fieldInvalid('propagationPolicy', options.propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'))
  if (options.propagationPolicy !== undefined && !['Background', 'Foreground', 'Orphan'].includes(options.propagationPolicy)) errors.push(fieldNotSupported('propagationPolicy', options.propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']))
  errors.push(...dryRunErrors(options.dryRun))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
}

/** Only `All` is a dry run. */
export function dryRunErrors(dryRun: readonly string[] | undefined): FieldError[] {
  return (dryRun ?? []).some((value) => value !== 'All') ? [fieldNotSupported('dryRun', dryRun, ['All'])] : []
}
