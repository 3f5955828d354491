import { quote } from '../../../api/machinery/go-text.ts'
import { forbidden } from '../../../api/machinery/status-error.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'
import type { Attributes } from './attributes.ts'

/** What a refused request is answered, in upstream's words. */
export function forbiddenError(attributes: Attributes, reason: string): StatusError {
  const text = forbiddenText(attributes).replace(/[&<>]/g, (character) => entities[character]!)
  return forbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, reason ? `${text}: ${reason}` : text)
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

function forbiddenText({ user, verb, isResource, path, resource, subresource, group, namespace }: Attributes): string {
  if (!isResource) return `User ${quote(user.name)} cannot ${verb} path ${quote(path)}`
  const what = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace ${quote(namespace)}` : 'at the cluster scope'
  return `User ${quote(user.name)} cannot ${verb} resource ${quote(what)} in API group ${quote(group)} ${where}`
}
