/** Nobody may have the server read for them what they may not read: upstream's checks on what admission policies take their parameters
 *  from; and nobody may take others' devices but where an administrator allows it. */
import type { DeviceRequest, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Namespace, ParamKind, ResourceClaim, ResourceClaimTemplate, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../api/generated/types.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { fieldForbidden } from '../../../api/machinery/field-error.ts'
import { listText, mapText } from '../../../api/machinery/go-text.ts'
import { invalid } from '../../../api/machinery/status-error.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { mastersGroup } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { Resources } from '../registry/resources.ts'
import type { Authorizer } from './attributes.ts'

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy
type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding

const admissionGroup = 'admissionregistration.k8s.io'
const resourceGroup = 'resource.k8s.io'
const adminAccessLabel = 'resource.kubernetes.io/admin-access'

function refusal({ kind, name }: AdmissionAttributes, field: string, detail: string): StatusError {
  return invalid({ group: kind.group, kind: kind.kind }, name, [fieldForbidden(field, detail)])
}

/** A user as Go prints one. */
function userText({ name, uid = '', groups, extra = {} }: User): string {
  return `&{${name} ${uid} ${listText(groups)} ${mapText(Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, listText(values)])))}}`
}

/** Checks that who names a kind of parameters may read all of it, and who names parameters may read those. */
export function policyReferenceCheck(resources: Resources, authorizer: Authorizer): AdmissionPlugin {
  /** What of the API a kind of parameters is; `*` where nobody knows. */
  const resourceOf = (paramKind: ParamKind | undefined): { readonly group: string; readonly version: string; readonly resource: string } => {
    const parts = paramKind?.apiVersion?.split('/') ?? []
    if (parts.length === 0 || parts.length > 2) return { group: '*', version: '*', resource: '*' }
    const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', parts[0]!]
    const served = [...resources.all()].find(({ kind }) => kind.group === group && kind.version === version && kind.kind === paramKind!.kind)
    return { group, version, resource: served?.kind.plural ?? '*' }
  }
  const mayRead = (user: User, verb: string, paramKind: ParamKind | undefined, namespace: string, name: string): boolean =>
    authorizer.authorize({ user, verb, isResource: true, ...resourceOf(paramKind), subresource: '', namespace, name, path: '' }).decision === 'allow'
  return {
    name: 'PolicyReferenceCheck',
    handles: ({ kind, operation, subresource, context }) => kind.group === admissionGroup && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE') && !context.user.groups.includes(mastersGroup),
    validate(attributes) {
      const { kind, object, oldObject, context } = attributes
      if (kind.kind.endsWith('AdmissionPolicy')) {
        const paramKind = (object as Policy).spec?.paramKind
        if (!paramKind || (oldObject && jsonEqual(paramKind, (oldObject as Policy).spec?.paramKind))) return
        if (mayRead(context.user, 'get', paramKind, '*', '*')) return
        throw refusal(attributes, 'spec.paramKind', `user ${userText(context.user)} must have "get" permission on all objects of the referenced paramKind (kind=${paramKind.kind ?? ''}, apiVersion=${paramKind.apiVersion ?? ''})`)
      }
      if (!kind.kind.endsWith('AdmissionPolicyBinding')) return
      const { spec } = object as Binding
      const { paramRef } = spec ?? {}
      if (!paramRef || (oldObject && jsonEqual([paramRef, spec?.policyName], [(oldObject as Binding).spec?.paramRef, (oldObject as Binding).spec?.policyName]))) return
      const policies = resources.ofGroup(admissionGroup, kind.plural.replace(/policybindings$/, 'policies'))?.stored?.store
      const policy = policies?.cached('', spec?.policyName ?? '') as Policy | undefined
      const verb = paramRef.name ? 'get' : 'list'
      if (mayRead(context.user, verb, policy?.spec?.paramKind, paramRef.namespace || '*', paramRef.name || '*')) return
      throw refusal(attributes, 'spec.paramRef', `user ${userText(context.user)} does not have "${verb}" permission on the object referenced by paramRef`)
    },
  }
}

/** Checks that administrators' access to devices is asked for only in namespaces that are labelled for it. */
export function adminAccessCheck(namespace: (name: string) => Namespace | undefined): AdmissionPlugin {
  return {
    name: 'DeviceAdminAccessCheck',
    handles: ({ kind, operation, subresource }) => kind.group === resourceGroup && kind.kind.startsWith('ResourceClaim') && operation === 'CREATE' && subresource === '',
    validate(attributes) {
      const isTemplate = attributes.kind.kind === 'ResourceClaimTemplate'
      const spec = isTemplate ? (attributes.object as ResourceClaimTemplate).spec.spec : (attributes.object as ResourceClaim).spec
      const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }: DeviceRequest) => exactly?.adminAccess)
      if (index < 0 || namespace(attributes.namespace)?.metadata.labels?.[adminAccessLabel] === 'true') return
      throw refusal(attributes, `${isTemplate ? 'spec.spec' : 'spec'}.devices.requests[${index}].exactly.adminAccess`, `admin access to devices requires the \`${adminAccessLabel}: true\` label on the containing namespace`)
    },
  }
}
