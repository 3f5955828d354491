/** A short way to write the default policy: comma-separated lists, sorted as upstream's rule builder sorts them. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, RbacSubject, Role, RoleBinding } from '../../generated/types.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import { rbacGroup } from './validation.ts'

function sortedList(list: string): string[] {
  return list.split(',').sort(compareBytes)
}

/** `rule('get,list', '', 'pods')`; `names` narrows it to objects of those names. */
export function rule(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return { apiGroups: sortedList(groups), ...(names === undefined ? {} : { resourceNames: sortedList(names) }), resources: sortedList(resources), verbs: sortedList(verbs) }
}

/** A rule for paths that are no resources. */
export function urlRule(verbs: string, urls: string): PolicyRule {
  return { nonResourceURLs: sortedList(urls), verbs: sortedList(verbs) }
}

export const readWrite = 'get,list,watch,create,update,patch,delete,deletecollection'
export const read = 'get,list,watch'
export const write = 'create,update,patch,delete,deletecollection'

export function eventsRule(): PolicyRule {
  return rule('create,update,patch', ',events.k8s.io', 'events')
}

const defaults = { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }

function metadataOf(name: string, managed: boolean, labels: { [key: string]: string } = {}) {
  return managed ? { name, annotations: { ...defaults.annotations }, labels: { ...defaults.labels, ...labels } } : { name }
}

const apiVersion = `${rbacGroup}/v1`

/** `managed`: kept up to date by the API server itself, and labelled so. */
export function clusterRole(name: string, rules: PolicyRule[], labels?: { [key: string]: string }, managed = true): ClusterRole {
  return { apiVersion, kind: 'ClusterRole', metadata: metadataOf(name, managed, labels), rules }
}

export function role(namespace: string, name: string, rules: PolicyRule[], managed = true): Role {
  return { apiVersion, kind: 'Role', metadata: { ...metadataOf(name, managed), namespace }, rules }
}

export function clusterRoleBinding(name: string, roleName: string, subjects: RbacSubject[], managed = true): ClusterRoleBinding {
  return { apiVersion, kind: 'ClusterRoleBinding', metadata: metadataOf(name, managed), roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: roleName }, ...(subjects.length > 0 ? { subjects } : {}) }
}

export function roleBinding(namespace: string, name: string, roleName: string, subjects: RbacSubject[], managed = true): RoleBinding {
  return { apiVersion, kind: 'RoleBinding', metadata: { ...metadataOf(name, managed), namespace }, roleRef: { apiGroup: rbacGroup, kind: 'Role', name: roleName }, subjects }
}

export function user(name: string): RbacSubject {
  return { apiGroup: rbacGroup, kind: 'User', name }
}

export function group(name: string): RbacSubject {
  return { apiGroup: rbacGroup, kind: 'Group', name }
}

export function account(namespace: string, name: string): RbacSubject {
  return { kind: 'ServiceAccount', name, namespace }
}
