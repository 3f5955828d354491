/** `node --import …/register.mjs out/main/index.js` runs the built main bundle where Electron's runtime is missing: the module
 *  `electron` becomes the stand-in beside this file, whose windows are pages of a real Chromium. */
import { register } from 'node:module'

const standIn = new URL('./electron.mjs', import.meta.url).href
const hooks = `
export async function resolve(specifier, context, next) {
  if (specifier === 'electron') return { url: ${JSON.stringify(standIn)}, shortCircuit: true }
  return next(specifier, context)
}
`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
