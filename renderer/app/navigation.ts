import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { sameReference, type ObjectReference } from '../api/object.ts'

export const viewNames = ['map', 'api-server', 'etcd', 'scheduler', 'controllers', 'cloud', 'nodes', 'network', 'objects', 'traces', 'settings'] as const
export type ViewName = (typeof viewNames)[number]

/** Where the main view is: a view and what it shows (`objects/deployments.apps`, `nodes/worker-1/runtime`). */
export interface Place {
  readonly view: ViewName
  readonly path: readonly string[]
}

/** What the inspector shows. */
export type Selection = { readonly type: 'object'; readonly reference: ObjectReference } | { readonly type: 'process'; readonly processId: string }

const historyMax = 50

/** Where the person is, mirrored in the address's hash so that back and forward work, and what is chosen. */
export const useNavigation = defineStore('navigation', () => {
  const place = ref<Place>(placeOf(window.location.hash))
  const history = ref<readonly Selection[]>([])
  const index = ref(-1)
  const namespace = ref('')
  const selection = computed<Selection | undefined>(() => history.value[index.value])

  window.addEventListener('hashchange', () => (place.value = placeOf(window.location.hash)))

  const go = (view: ViewName, ...path: string[]): void => {
    const next = hashOf({ view, path })
    if (next === window.location.hash) return
    window.location.hash = next
    place.value = { view, path }
  }
  const select = (next: Selection): void => {
    if (sameSelection(selection.value, next)) return
    history.value = [...history.value.slice(Math.max(0, index.value + 2 - historyMax), index.value + 1), next]
    index.value = history.value.length - 1
  }

  return {
    place,
    /** The namespace that tables are limited to; '' = all. */
    namespace,
    selection,
    go,
    selectObject: (reference: ObjectReference) => select({ type: 'object', reference }),
    selectProcess: (processId: string) => select({ type: 'process', processId }),
    clear: () => (index.value = -1),
    isSelected: (reference: ObjectReference) => selection.value?.type === 'object' && sameReference(selection.value.reference, reference),
    canGoBack: computed(() => index.value > 0),
    canGoForward: computed(() => index.value >= 0 && index.value < history.value.length - 1),
    back: () => {
      if (index.value > 0) index.value--
    },
    forward: () => {
      if (index.value < history.value.length - 1) index.value++
    },
  }
})

export function placeOf(hash: string): Place {
  const [view = '', ...path] = hash.replace(/^#\/?/, '').split('/').map((part) => safeDecode(part))
  return viewNames.includes(view as ViewName) ? { view: view as ViewName, path: path.filter((part) => part !== '') } : { view: 'map', path: [] }
}

export function hashOf(place: Place): string {
  return `#/${[place.view, ...place.path].map(encodeURIComponent).join('/')}`
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function sameSelection(a: Selection | undefined, b: Selection): boolean {
  if (a?.type === 'object' && b.type === 'object') return sameReference(a.reference, b.reference)
  return a?.type === 'process' && b.type === 'process' && a.processId === b.processId
}
