import type { KubeObject } from '../../../api/machinery/object.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { decodeBase64 } from '../../../api/machinery/codec/base64.ts'
import { CliError } from '../cli-error.ts'
import { GoTemplate } from '../go-template/execute.ts'
import type { TemplateFunction } from '../go-template/functions.ts'
import { isMap, valueText } from '../go-template/values.ts'
import { compactJson } from './go-json.ts'

/** What kubectl adds to text/template's functions. */
const kubectlFunctions: Readonly<Record<string, TemplateFunction>> = {
  exists: { least: 1, most: Infinity, call: (item, ...keys) => exists(item, keys) },
  base64decode: { least: 1, most: 1, texts: [0], call: (text) => decoded(text as string) },
}

/** `-o go-template`: compiles the template, then prints objects with it. Throws CliError. */
export function goTemplatePrinter(template: string, allowMissing: boolean, write: (text: string) => void): (object: KubeObject) => string {
  let compiled: GoTemplate
  try {
    compiled = new GoTemplate('output', template, { functions: kubectlFunctions, missingIsError: !allowMissing })
  } catch (error) {
    throw new CliError(`error parsing template ${template}, ${(error as Error).message}`)
  }
  return (object) => {
    let out = ''
    try {
      compiled.execute(object, (text) => (out += text))
      return out
    } catch (error) {
      const { message } = error as Error
      write(`${out}Error executing template: ${message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\traw data was:\n\t\t${compactJson(object)}\n\tobject given to template engine was:\n\t\t${valueText(object)}\n\n`)
      throw new CliError(`error executing template ${quote(template)}: ${message}`)
    }
  }
}

function exists(item: unknown, keys: readonly unknown[]): boolean {
  let value = item
  for (const key of keys) {
    if (isMap(value) && typeof key === 'string' && Object.hasOwn(value, key)) value = value[key]
    else if (Array.isArray(value) && typeof key === 'bigint' && key >= 0n && key < BigInt(value.length)) value = value[Number(key)]
    else return false
  }
  return value !== undefined && value !== null
}

function decoded(text: string): string {
  const clean = text.replace(/[\r\n]/g, '')
  const wrong = /[^A-Za-z0-9+/]/.exec(clean.replace(/={0,2}$/, ''))
  if (wrong) throw new Error(`base64 decode failed: illegal base64 data at input byte ${wrong.index}`)
  if (clean.length % 4 !== 0) throw new Error(`base64 decode failed: illegal base64 data at input byte ${Math.max(0, clean.length - (clean.length % 4))}`)
  return new TextDecoder().decode(decodeBase64(clean))
}
