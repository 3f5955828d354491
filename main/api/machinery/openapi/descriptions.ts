/** Descriptions of definitions and fields, in a module of their own: only OpenAPI and explain load them. */

/** By definition: its description, and those of its fields. Fields that refer to a definition have that definition's. */
export type Descriptions = { readonly [definition: string]: readonly [string, { readonly [field: string]: string }] }

let loaded: Promise<Descriptions> | undefined

/** Loads the descriptions once (0.8 MB of text). */
export function loadDescriptions(): Promise<Descriptions> {
  loaded ??= import('../../generated/description-text.ts').then((module) => JSON.parse(module.descriptionText) as Descriptions)
  return loaded
}
