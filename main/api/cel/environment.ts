/** What names an expression may use: functions of all libraries, variables, types of objects. */
import { authorizerLibrary } from './functions/authorizer.ts'
import { formatLibrary } from './functions/formats.ts'
import { jsonPatchLibrary } from './functions/json-patches.ts'
import { listLibrary } from './functions/lists.ts'
import { networkLibrary } from './functions/networks.ts'
import { optionalLibrary } from './functions/optionals.ts'
import type { Overload } from './functions/overload.ts'
import { global, paramA } from './functions/overload.ts'
import { quantityLibrary } from './functions/quantities.ts'
import { semverLibrary } from './functions/semvers.ts'
import { standardLibrary } from './functions/standard.ts'
import { stringLibrary } from './functions/strings.ts'
import { urlLibrary } from './functions/urls.ts'
import { boolType } from './types.ts'
import type { Type } from './types.ts'
import { noOverload } from './values.ts'

/** What an expression is compiled against. */
export interface Declarations {
  /** By name; names may have dots (`authorizer.requestResource`). */
  readonly variables: Readonly<Record<string, Type>>
  /** Types that may be made, by name: `Object{…}`, `JSONPatch{…}`. A function, where there is no end of names. */
  readonly objects?: Readonly<Record<string, Type>> | ((name: string) => Type | undefined)
}

/** The type of objects of that name, if such may be made. */
export function objectTypeOf({ objects }: Declarations, name: string): Type | undefined {
  if (typeof objects === 'function') return objects(name)
  return objects && Object.hasOwn(objects, name) ? objects[name] : undefined
}

export interface Functions {
  readonly overloads: ReadonlyMap<string, readonly Overload[]>
  /** Types that may be named as values. */
  readonly types: ReadonlyMap<string, Type>
}

let made: Functions | undefined

/** All functions that Kubernetes 1.36 gives to expressions. */
export function kubernetesFunctions(): Functions {
  if (made) return made
  const overloads = new Map<string, Overload[]>()
  const types = new Map<string, Type>()
  const logical = (name: string, id: string): Overload => global(name, id, [boolType, boolType], boolType, () => noOverload)
  const operators: readonly Overload[] = [logical('_&&_', 'logical_and'), logical('_||_', 'logical_or'), global('_?_:_', 'conditional', [boolType, paramA, paramA], paramA, () => noOverload)]
  const libraries = [standardLibrary(), stringLibrary(), listLibrary(), optionalLibrary(), networkLibrary(), urlLibrary(), quantityLibrary(), semverLibrary(), formatLibrary(), authorizerLibrary(), jsonPatchLibrary(), { overloads: operators }]
  for (const library of libraries) {
    for (const overload of library.overloads) {
      const known = overloads.get(overload.name)
      if (known) known.push(overload)
      else overloads.set(overload.name, [overload])
    }
    for (const type of 'types' in library ? (library.types ?? []) : []) types.set(type.name, type)
  }
  return (made = { overloads, types })
}
