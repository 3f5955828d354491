/** What policies and bindings of both sorts show of themselves. */
import type { LabelSelector, ParamKind, ParamRef } from '../../generated/types.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import type { KubeObject } from '../../machinery/object.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import type { Column } from '../kind.ts'

export const paramKindDescription = 'ParamKind specifies the kind of resources used to parameterize this policy'

/** `apps/v1/Deployment`, or `<unset>`. */
export function paramKindText(paramKind: ParamKind | undefined): string {
  return paramKind ? `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}` : '<unset>'
}

/** `namespace/name`; `*` followed by the name when it is of the request's namespace or of none; or the selector. */
function paramRefText(paramRef: ParamRef | undefined): string {
  if (!paramRef) return '<unset>'
  if (paramRef.name) return `${paramRef.namespace || '*'}/${paramRef.name}`
  return paramRef.selector ? selectorStructText(paramRef.selector) : '<unset>'
}

/** A selector as its generated Go String method prints it. */
function selectorStructText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels).sort(compareBytes).map((key) => `${key}: ${matchLabels[key]},`).join('')
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`
}

type Binding = KubeObject & { spec?: { policyName?: string; paramRef?: ParamRef } }

export function bindingColumns<T extends Binding>(): Column<T>[] {
  return [
    nameColumn(),
    column('PolicyName', 'PolicyName indicates the policy definition which the policy binding binded to', ({ spec }) => spec?.policyName ?? ''),
    column('ParamRef', 'ParamRef indicates the param resource which sets the configration param', ({ spec }) => paramRefText(spec?.paramRef)),
    ageColumn(),
  ]
}
