/** The built-in API's definitions as types of expressions. */
import type { Definition, ScalarName, SchemaType } from '../machinery/schema.ts'
import { escapedName } from './schema-types.ts'
import { boolType, bytesType, doubleType, dynType, intType, listType, mapType, objectType, stringType, timestampType } from './types.ts'
import type { Type } from './types.ts'

const known = new WeakMap<Definition, Type>()

/** The type of values of a definition. Fields are looked at when they are asked for: definitions may hold themselves. */
export function typeOfDefinition(definition: Definition): Type {
  let type = known.get(definition)
  if (type) return type
  let byName: Map<string, Type> | undefined
  type = objectType(definition.name, {
    get(name) {
      if (!byName) {
        byName = new Map()
        for (const field of definition.fields.values()) {
          const escaped = escapedName(field.name)
          if (escaped !== undefined) byName.set(escaped, typeOf(field.type))
        }
      }
      return byName.get(name)
    },
  })
  known.set(definition, type)
  return type
}

function typeOf(type: SchemaType): Type {
  switch (type.is) {
    case 'scalar':
      return scalars[type.scalar] ?? dynType
    case 'object':
      return typeOfDefinition(type.target)
    case 'list':
      return listType(typeOf(type.items))
    default:
      return mapType(stringType, typeOf(type.values))
  }
}

/** What is not here may be anything. */
const scalars: Readonly<Partial<Record<ScalarName, Type>>> = {
  string: stringType, int32: intType, int64: intType, double: doubleType, boolean: boolType, bytes: bytesType, Time: timestampType, MicroTime: timestampType, Quantity: stringType, Duration: stringType,
}
