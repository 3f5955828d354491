import { quote } from '../../../api/machinery/go-text.ts'
import type { EnabledPlugin } from '../framework/framework.ts'
import type { Plugin } from '../framework/plugin.ts'
import { extensionPoints, type ExtensionPoint, type PluginSet, type PluginSets } from './configuration.ts'

/** What of a plugin belongs to each extension point. */
const methods: { readonly [point in ExtensionPoint]: readonly (keyof Plugin)[] } = {
  preEnqueue: ['preEnqueue'],
  queueSort: ['less'],
  preFilter: ['preFilter', 'addPod', 'removePod'],
  filter: ['filter'],
  postFilter: ['postFilter'],
  preScore: ['preScore'],
  score: ['score', 'normalize'],
  reserve: ['reserve', 'unreserve'],
  permit: ['permit'],
  preBind: ['preBind'],
  bind: ['bind'],
  postBind: ['postBind'],
}

interface Named {
  readonly name: string
  readonly weight: number
}

/** The plugins of a profile: the default ones, changed as the profile says. Each extension point has an order of its own, so a plugin
 *  comes once for each point at which it is enabled. Throws, in upstream's words, for plugins that there are not and for profiles that
 *  cannot work. Follows the framework's MultiPoint expansion. */
export function profilePlugins(schedulerName: string, defaults: readonly EnabledPlugin[], sets: PluginSets): EnabledPlugin[] {
  if (Object.keys(sets).length === 0) return [...defaults]
  const byName = new Map(defaults.map((enabled) => [enabled.plugin.name, enabled.plugin]))
  const everywhere = merged(defaults.map(({ plugin, weight }) => ({ name: plugin.name, weight })), sets.multiPoint)
  for (const { name } of everywhere) if (!byName.has(name)) throw new Error(`multiPointEnabled: plugin ${quote(name)} does not exist`)
  const result: EnabledPlugin[] = []
  for (const point of extensionPoints) {
    for (const { name, weight } of pluginsAt(point, everywhere, sets[point], byName)) {
      const plugin = byName.get(name)!
      result.push({ plugin: only(plugin, methods[point]), weight: point === 'score' ? weight : 0 })
    }
  }
  const count = (has: (plugin: Plugin) => unknown): number => result.filter(({ plugin }) => has(plugin)).length
  const sorts = count((plugin) => plugin.less)
  if (sorts === 0) throw new Error(`no queue sort plugin is enabled for profile with scheduler name ${quote(schedulerName)}`)
  if (sorts > 1) throw new Error(`only one queue sort plugin required for profile with scheduler name ${quote(schedulerName)}, but got ${sorts}`)
  if (count((plugin) => plugin.bind) === 0) throw new Error(`at least one bind plugin is needed for profile with scheduler name ${quote(schedulerName)}`)
  return result
}

/** The default plugins with those of the profile in their places, and the new ones behind. */
function merged(defaults: readonly Named[], custom: PluginSet | undefined): readonly Named[] {
  const enabled = new Map((custom?.enabled ?? []).map(({ name, weight }) => [name, weight]))
  const disabled = new Set((custom?.disabled ?? []).map(({ name }) => name))
  const result: Named[] = []
  if (!disabled.has('*')) {
    for (const each of defaults) {
      if (disabled.has(each.name)) continue
      result.push(enabled.has(each.name) ? { name: each.name, weight: enabled.get(each.name) || 1 } : each)
      enabled.delete(each.name)
    }
  }
  for (const [name, weight] of enabled) result.push({ name, weight: weight || 1 })
  return result
}

/** First those of all points that this point mentions as well, then the others of all points, then what only this point mentions. */
function pluginsAt(point: ExtensionPoint, everywhere: readonly Named[], set: PluginSet | undefined, byName: ReadonlyMap<string, Plugin>): readonly Named[] {
  const implemented = ({ name }: Named): boolean => methods[point].some((method) => byName.get(name)![method] !== undefined)
  const disabled = new Set((set?.disabled ?? []).map(({ name }) => name))
  const here: Named[] = []
  for (const { name, weight } of set?.enabled ?? []) {
    const plugin = byName.get(name)
    if (!plugin) throw new Error(`${point} plugin ${quote(name)} does not exist`)
    if (here.some((other) => other.name === name)) throw new Error(`plugin ${quote(name)} already registered as ${quote(point)}`)
    if (!implemented({ name, weight: 0 })) throw new Error(`plugin ${quote(name)} does not extend ${point} plugin`)
    here.push({ name, weight: weight || 1 })
  }
  const names = new Set(everywhere.map(({ name }) => name))
  const mentioned = new Set(here.map(({ name }) => name))
  const rest = disabled.has('*') ? [] : everywhere.filter((each) => implemented(each) && !disabled.has(each.name) && !mentioned.has(each.name))
  return [...here.filter(({ name }) => names.has(name)), ...rest, ...here.filter(({ name }) => !names.has(name))]
}

function only(plugin: Plugin, kept: readonly (keyof Plugin)[]): Plugin {
  const { name, nodeLocal, interests } = plugin
  const part: Record<string, unknown> = { name, ...(nodeLocal !== undefined && { nodeLocal }), ...(interests && { interests }) }
  for (const method of kept) if (plugin[method] !== undefined) part[method] = plugin[method]
  return part as unknown as Plugin
}
