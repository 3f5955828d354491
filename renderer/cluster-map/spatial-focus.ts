/** Moves the focus to the nearest thing in the direction of an arrow key, among the elements marked `data-map-item` in `root`.
 *  Answers whether the key was one of ours. */
export function moveFocus(root: HTMLElement, key: string): boolean {
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  const active = document.activeElement as HTMLElement | null
  if (!direction || !active?.matches('[data-map-item]')) return false
  const [dx, dy] = direction as [number, number]
  const from = centre(active)
  let best: HTMLElement | undefined
  let bestCost = Infinity
  for (const candidate of root.querySelectorAll<HTMLElement>('[data-map-item]')) {
    if (candidate === active) continue
    const to = centre(candidate)
    const along = (to.x - from.x) * dx + (to.y - from.y) * dy
    const across = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx)
    if (along < 2) continue
    const cost = along + across * 2.2
    if (cost < bestCost) {
      best = candidate
      bestCost = cost
    }
  }
  best?.focus()
  return true
}

function centre(element: HTMLElement): { readonly x: number; readonly y: number } {
  const rect = element.getBoundingClientRect()
  return { x: rect.left + rect.width / 2, y: rect.top + rect.height / 2 }
}

/** Of all things on the map one is reached with Tab: this one from now on. */
export function enterAt(root: HTMLElement, item: HTMLElement): void {
  for (const before of root.querySelectorAll<HTMLElement>('[data-map-item][tabindex="0"]')) before.tabIndex = -1
  item.tabIndex = 0
}

/** Makes sure that Tab reaches something on the map: where the focus last was, else the first thing. */
export function ensureEntry(root: HTMLElement): void {
  if (root.querySelector('[data-map-item][tabindex="0"]')) return
  const first = root.querySelector<HTMLElement>('[data-map-item]')
  if (first) first.tabIndex = 0
}
