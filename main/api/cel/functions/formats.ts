/** Kubernetes' named formats: `format.dns1123Label().validate(name)`. */
import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName, maskTrailingDash } from '../../machinery/names.ts'
import { listType, opaqueType, optionalType, stringType } from '../types.ts'
import { ArrayList, EvaluationError, none, Opaque, Optional } from '../values.ts'
import { global, member } from './overload.ts'
import type { Library } from './overload.ts'
import { parseUrl } from './urls.ts'

export const formatType = opaqueType('kubernetes.NamedFormat')

export class FormatValue extends Opaque {
  readonly type = formatType
  readonly name: string
  readonly regexSizeMax: number
  readonly validate: (text: string) => readonly string[]

  constructor(name: string, regexSizeMax: number, validate: (text: string) => readonly string[]) {
    super()
    this.name = name
    this.regexSizeMax = regexSizeMax
    this.validate = validate
  }

  equals(other: Opaque): boolean {
    return other instanceof FormatValue && other.name === this.name
  }
}

const orElse = (pattern: RegExp, message: string) => (text: string): readonly string[] => (pattern.test(text) ? [] : [message])
const dateTime = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})?$/
const dateTimeSize = 67

function formats(): ReadonlyMap<string, FormatValue> {
  const prefixed = (validate: (text: string) => string[]) => (text: string): string[] => validate(maskTrailingDash(text))
  const all: readonly (readonly [string, FormatValue])[] = [
    ['dns1123Label', new FormatValue('DNS1123Label', 30, isDns1123Label)],
    ['dns1123Subdomain', new FormatValue('DNS1123Subdomain', 60, isDns1123Subdomain)],
    ['dns1035Label', new FormatValue('DNS1035Label', 30, isDns1035Label)],
    ['qualifiedName', new FormatValue('QualifiedName', 60, isQualifiedName)],
    ['dns1123LabelPrefix', new FormatValue('DNS1123LabelPrefix', 30, prefixed(isDns1123Label))],
    ['dns1123SubdomainPrefix', new FormatValue('DNS1123SubdomainPrefix', 60, prefixed(isDns1123Subdomain))],
    ['dns1035LabelPrefix', new FormatValue('DNS1035LabelPrefix', 30, prefixed(isDns1035Label))],
    ['labelValue', new FormatValue('LabelValue', 40, isLabelValue)],
    ['uri', new FormatValue('URI', 1103, (text) => {
      const parts = parseUrl(text)
      return parts instanceof EvaluationError ? [parts.message.replace('URL parse error during conversion from string: ', '')] : []
    })],
    ['uuid', new FormatValue('uuid', 77, orElse(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'does not match the UUID format'))],
    ['byte', new FormatValue('byte', 84, orElse(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/, 'invalid base64'))],
    ['date', new FormatValue('date', dateTimeSize, orElse(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'invalid date'))],
    ['datetime', new FormatValue('datetime', dateTimeSize, orElse(dateTime, 'invalid datetime'))],
  ]
  return new Map(all)
}

export function formatLibrary(): Library {
  const known = formats()
  return {
    types: [formatType],
    overloads: [
      ...[...known].map(([name, value]) => global(`format.${name}`, `format.${name}`, [], formatType, () => value)),
      global('format.named', 'format-named', [stringType], optionalType(formatType), (name: string) => {
        const found = known.get(name)
        return found ? new Optional(found) : none
      }),
      member('validate', 'format-validate', [formatType, stringType], optionalType(listType(stringType)), (format: FormatValue, text: string) => {
        const problems = format.validate(text)
        return problems.length === 0 ? none : new Optional(new ArrayList(problems))
      }),
    ],
  }
}
