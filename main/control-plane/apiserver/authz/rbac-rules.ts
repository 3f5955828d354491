import type { PolicyRule } from '../../../api/generated/types.ts'
import type { Attributes } from './attributes.ts'

/** Whether one rule allows what is asked. */
export function ruleAllows(attributes: Attributes, rule: PolicyRule): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (!attributes.isResource) return rule.nonResourceURLs?.some((url) => pathMatches(url, attributes.path)) ?? false
  return has(rule.apiGroups, attributes.group) && resourceMatches(rule, attributes.resource, attributes.subresource) && nameMatches(rule, attributes.name)
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted))
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''))
}

function resourceMatches(rule: PolicyRule, resource: string, subresource: string): boolean {
  const combined = subresource ? `${resource}/${subresource}` : resource
  for (const entry of rule.resources ?? []) {
    if (entry === '*' || entry === combined) return true
    if (subresource && entry.startsWith('*/') && entry.slice(2) === subresource) return true
  }
  return false
}

function nameMatches(rule: PolicyRule, name: string): boolean {
  return !rule.resourceNames || rule.resourceNames.length === 0 || rule.resourceNames.includes(name)
}
