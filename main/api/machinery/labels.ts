/** Label selectors: parsed from text or from a LabelSelector, printed, matched. Follows upstream's labels package, its grammar
 *  and its error texts. */
import type { LabelSelector } from '../generated/types.ts'
import { fieldErrorText, fieldErrorsText, fieldInvalid, fieldNotSupported } from './field-error.ts'
import type { FieldError } from './field-error.ts'
import { compareBytes, quote } from './go-text.ts'
import { isLabelValue, isQualifiedName } from './names.ts'

export type Labels = { readonly [key: string]: string }

export type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** All requirements must hold; `nothing` matches no labels at all (a null LabelSelector). */
export interface Selector {
  readonly requirements: readonly Requirement[]
  readonly nothing?: boolean
}

export const everything: Selector = { requirements: [] }
export const nothing: Selector = { requirements: [], nothing: true }

/** Whether the labels satisfy the selector. Absent labels are empty. */
export function matchesSelector(selector: Selector, labels: Labels | undefined): boolean {
  if (selector.nothing) return false
  for (const requirement of selector.requirements) if (!matchesRequirement(requirement, labels)) return false
  return true
}

/** Whether the selector restricts nothing. */
export function isEverything(selector: Selector): boolean {
  return !selector.nothing && selector.requirements.length === 0
}

function matchesRequirement(requirement: Requirement, labels: Labels | undefined): boolean {
  const { key, values } = requirement
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (requirement.operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    default: {
      if (value === undefined || !integer.test(value) || values.length !== 1 || !integer.test(values[0] as string)) return false
      const [left, right] = [BigInt(value), BigInt(values[0] as string)]
      return requirement.operator === 'gt' ? left > right : left < right
    }
  }
}

const integer = /^[+-]?\d+$/

/** Whether every label of `subset` is in `labels` with the same value: the old-style map selectors of Services and RCs. */
export function matchesLabels(subset: Labels | undefined, labels: Labels | undefined): boolean {
  for (const key in subset) if (labels?.[key] !== subset[key]) return false
  return true
}

/** The selector that matches exactly that set; an empty set matches everything. */
export function selectorFromSet(set: Labels | undefined): Selector {
  const requirements = Object.keys(set ?? {}).map((key): Requirement => ({ key, operator: '=', values: [(set as Labels)[key] as string] }))
  return { requirements: requirements.sort(byKey) }
}

const operators: { readonly [operator: string]: Operator } = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }

/** A LabelSelector as a selector: absent matches nothing, empty everything. Throws upstream's text for a wrong one. */
export function selectorOf(selector: LabelSelector | undefined | null): Selector {
  if (!selector) return nothing
  const requirements: Requirement[] = []
  for (const key in selector.matchLabels) requirements.push(requirementOf(key, '=', [selector.matchLabels[key] as string]))
  for (const expression of selector.matchExpressions ?? []) {
    const operator = operators[expression.operator]
    if (!operator) throw new Error(`${quote(expression.operator)} is not a valid label selector operator`)
    requirements.push(requirementOf(expression.key, operator, expression.values ?? []))
  }
  return { requirements: requirements.sort(byKey) }
}

const cache = new WeakMap<object, Selector>()

/** selectorOf remembered per object: for hot paths over shared, immutable objects. A wrong selector matches nothing. */
export function cachedSelectorOf(selector: LabelSelector | undefined | null): Selector {
  if (!selector) return nothing
  let made = cache.get(selector)
  if (!made) {
    try {
      made = selectorOf(selector)
    } catch {
      made = nothing
    }
    cache.set(selector, made)
  }
  return made
}

const binaryOperators = ['in', 'notin', '=', '==', '!=', 'gt', 'lt']

/** A checked requirement; throws upstream's text. `path` prefixes field names in errors. */
export function requirementOf(key: string, operator: Operator, values: readonly string[], path = ''): Requirement {
  const errors: FieldError[] = []
  const at = (name: string): string => (path ? `${path}.${name}` : name)
  const keyErrors = isQualifiedName(key)
  if (keyErrors.length > 0) errors.push(fieldInvalid(at('key'), key, keyErrors.join('; ')))
  const wrong = (detail: string): void => void errors.push(fieldInvalid(at('values'), values, detail))
  if (operator === 'in' || operator === 'notin') {
    if (values.length === 0) wrong("for 'in', 'notin' operators, values set can't be empty")
  } else if (operator === '=' || operator === '==' || operator === '!=') {
    if (values.length !== 1) wrong('exact-match compatibility requires one single value')
  } else if (operator === 'exists' || operator === '!') {
    if (values.length > 0) wrong('values set must be empty for exists and does not exist')
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) wrong("for 'Gt', 'Lt' operators, exactly one value is required")
    values.forEach((value, index) => {
      if (!integer.test(value)) errors.push(fieldInvalid(`${at('values')}[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"))
    })
  } else {
    errors.push(fieldNotSupported(at('operator'), operator, [...binaryOperators, 'exists', '!']))
  }
  values.forEach((value, index) => {
    const valueErrors = isLabelValue(value)
    if (valueErrors.length > 0) errors.push(fieldInvalid(`${at('values')}[${index}][${key}]`, value, valueErrors.join('; ')))
  })
  if (errors.length > 0) throw new Error(fieldErrorsText(errors))
  return { key, operator, values }
}

function byKey(a: Requirement, b: Requirement): number {
  return compareBytes(a.key, b.key)
}

/** The selector's text: `app=web,tier in (a,b),!old`. */
export function formatSelector(selector: Selector): string {
  return selector.requirements.map(formatRequirement).join(',')
}

function formatRequirement({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  const list = [...values].sort(compareBytes).join(',')
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${list})`
  return `${key}${operator === 'gt' ? '>' : operator === 'lt' ? '<' : operator}${list}`
}

/** A LabelSelector's text as kubectl prints it: `<none>` when absent or empty, `<error>` when wrong. */
export function formatLabelSelector(selector: LabelSelector | undefined | null): string {
  try {
    const text = formatSelector(selectorOf(selector))
    return text === '' ? '<none>' : text
  } catch {
    return '<error>'
  }
}

/** The value the selector demands of a label, when it demands exactly one. */
export function exactMatch(selector: Selector, key: string): string | undefined {
  const requirement = selector.requirements.find((each) => each.key === key)
  if (!requirement || requirement.values.length !== 1) return undefined
  return requirement.operator === '=' || requirement.operator === '==' || requirement.operator === 'in' ? requirement.values[0] : undefined
}

interface Token {
  readonly is: 'end' | 'word' | 'in' | 'notin' | 'error' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<'
  readonly text: string
}

const symbols = ')(,!=><'
const known = new Set(['(', ')', ',', '!', '=', '==', '!=', '>', '<'])

function tokens(text: string): Token[] {
  const list: Token[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at] as string
    if (' \t\r\n'.includes(character)) at++
    else if (symbols.includes(character)) {
      // The longest known symbol; what follows an unknown run is read on.
      let run = ''
      let found = ''
      while (at < text.length && symbols.includes(text[at] as string)) {
        run += text[at]
        if (known.has(run)) found = run
        else if (found !== '') break
        at++
      }
      list.push(found === '' ? { is: 'error', text: `error expected: keyword found '${run}'` } : { is: found as Token['is'], text: found })
    } else {
      const start = at
      while (at < text.length && !symbols.includes(text[at] as string) && !' \t\r\n'.includes(text[at] as string)) at++
      const word = text.slice(start, at)
      list.push({ is: word === 'in' || word === 'notin' ? word : 'word', text: word })
    }
  }
  list.push({ is: 'end', text: '' })
  return list
}

/** Parses `app=web,tier in (a,b),!old`. Throws an Error with upstream's text. */
export function parseSelector(text: string): Selector {
  return { requirements: new Parser(text).parse().sort(byKey) }
}

class Parser {
  readonly #tokens: Token[]
  #at = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  /** The token here, read as a value: `in` and `notin` are words. */
  #look(): Token {
    const token = this.#tokens[this.#at] ?? { is: 'end', text: '' }
    return token.is === 'in' || token.is === 'notin' ? { is: 'word', text: token.text } : token
  }

  #take(): Token {
    const token = this.#look()
    this.#at++
    return token
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const token = this.#look()
      if (token.is === 'end') return requirements
      if (token.is !== 'word' && token.is !== '!') throw new Error(`found '${token.text}', expected: !, identifier, or 'end of string'`)
      try {
        requirements.push(this.#requirement())
      } catch (error) {
        throw new Error(`unable to parse requirement: ${(error as Error).message}`)
      }
      const next = this.#take()
      if (next.is === 'end') return requirements
      if (next.is !== ',') throw new Error(`found '${next.text}', expected: ',' or 'end of string'`)
      const after = this.#look()
      if (after.is !== 'word' && after.is !== '!') throw new Error(`found '${after.text}', expected: identifier after ','`)
    }
  }

  #requirement(): Requirement {
    let token = this.#take()
    const absent = token.is === '!'
    if (absent) token = this.#take()
    if (token.is !== 'word') throw new Error(`found '${token.text}', expected: identifier`)
    const key = token.text
    const keyErrors = isQualifiedName(key)
    if (keyErrors.length > 0) throw new Error(fieldErrorText(fieldInvalid('<nil>', key, keyErrors.join('; '))))
    if (absent) return requirementOf(key, '!', [])
    const next = this.#look()
    if (next.is === 'end' || next.is === ',') return requirementOf(key, 'exists', [])
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : this.#exactValue()
    return requirementOf(key, operator, [...values].sort(compareBytes))
  }

  #operator(): Operator {
    const token = this.#tokens[this.#at++] as Token
    if (token.is === '>') return 'gt'
    if (token.is === '<') return 'lt'
    if (token.is === 'in' || token.is === 'notin' || token.is === '=' || token.is === '==' || token.is === '!=') return token.is
    throw new Error(`found '${token.text}', expected: ${binaryOperators.join(', ')}`)
  }

  #exactValue(): Set<string> {
    const next = this.#look()
    if (next.is === 'end' || next.is === ',') return new Set([''])
    const token = this.#take()
    if (token.is === 'word') return new Set([token.text])
    throw new Error(`found '${token.text}', expected: identifier`)
  }

  #values(): Set<string> {
    const open = this.#take()
    if (open.is !== '(') throw new Error(`found '${open.text}' expected: '('`)
    const first = this.#look()
    if (first.is === ')') {
      this.#take()
      return new Set([''])
    }
    if (first.is !== 'word' && first.is !== ',') throw new Error(`found '${first.text}', expected: ',', ')' or identifier`)
    const values = this.#identifiers()
    if (this.#take().is !== ')') throw new Error(`found '${first.text}', expected: ')'`)
    return values
  }

  #identifiers(): Set<string> {
    const values = new Set<string>()
    for (;;) {
      const token = this.#take()
      if (token.is === 'word') {
        values.add(token.text)
        const next = this.#look()
        if (next.is === ',') continue
        if (next.is === ')') return values
        throw new Error(`found '${next.text}', expected: ',' or ')'`)
      }
      if (token.is !== ',') throw new Error(`found '${token.text}', expected: ',', or identifier`)
      if (values.size === 0) values.add('')
      const next = this.#look()
      if (next.is === ')') {
        values.add('')
        return values
      }
      if (next.is === ',') values.add('')
    }
  }
}
