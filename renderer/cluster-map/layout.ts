/** Where everything stands on the cluster map: pure geometry, CSS px. Control plane above, workers below; the same code for three
 *  nodes and a thousand, only in less detail. */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface MachineInput {
  readonly name: string
  /** Control-plane processes on it, by name; empty for a worker. */
  readonly components: readonly string[]
  /** kubelet, kube-proxy, containerd, as far as they run. */
  readonly agents: readonly string[]
  readonly pods: number
}

/** `full`: agents and pods; `compact`: a name and counts; `tile`: a coloured square. */
export type Detail = 'full' | 'compact' | 'tile'

export interface PodGrid {
  readonly area: Rect
  /** `named`: a mark and a name each; `marks`: a mark each; `counts`: how many of each state. */
  readonly style: 'named' | 'marks' | 'counts'
  readonly columns: number
  readonly cellWidth: number
  readonly cellHeight: number
}

export interface MachineBox {
  readonly name: string
  readonly rect: Rect
  readonly detail: Detail
  readonly controlPlane: boolean
  readonly components: readonly { readonly name: string; readonly rect: Rect }[]
  readonly agents: readonly { readonly name: string; readonly rect: Rect }[]
  readonly podGrid: PodGrid | undefined
}

export interface MapLayout {
  readonly width: number
  readonly height: number
  readonly outside: Rect
  readonly machines: readonly MachineBox[]
}

const margin = 16
const outsideHeight = 26
const outsideGap = 20
const headerHeight = 28
const agentHeight = 22
const agentGap = 5
/** Inner width of a control-plane box below which its agents stand below one another. */
const stackedBelow = 480
const inset = 10
const hub = 'kube-apiserver'
/** Of a pod that is drawn with its name: as most names need it, and squeezed. */
const nameWidth = 196
const nameWidthLeast = 128
const underAgents = 14
/** On a control-plane node: above the agents a path runs; below them stand its pods, as marks where names have no room. */
const aboveAgents = 11
const marksHeight = 42
/** Of etcd, so that it keeps its facts when the pods are named. */
const storageHeightLeast = 78
const nameHeight = 22

export function layOut(givenWidth: number, givenHeight: number, machines: readonly MachineInput[]): MapLayout {
  const width = Math.max(360, givenWidth)
  const height = Math.max(300, givenHeight)
  const control = machines.filter((machine) => machine.components.length > 0)
  const workers = machines.filter((machine) => machine.components.length === 0)
  const top = margin + outsideHeight + outsideGap
  const usable = Math.max(260, height - top - margin)
  const controlHeight = control.length === 0 ? 0 : workers.length === 0 ? Math.min(usable, 320) : clamp(usable * 0.46, 168, 340)
  const wanted = wantedWorkerHeight(workers, width - 2 * margin)
  const pathGap = workers.length === 0 ? 0 : clamp(usable - controlHeight - wanted, clamp(usable * 0.1, 34, 60), 140)
  const controlBoxes = rows(control, { x: margin, y: top, width: width - 2 * margin, height: controlHeight }, control.length, margin).map(({ machine, rect }) => controlBox(machine, rect))
  const workerArea = { x: margin, y: top + controlHeight + pathGap, width: width - 2 * margin, height: Math.max(90, usable - controlHeight - pathGap) }
  const boxes = [...controlBoxes, ...workerBoxes(workers, workerArea)]
  const bottom = boxes.reduce((lowest, box) => Math.max(lowest, box.rect.y + box.rect.height), top)
  const outsideWidth = 190
  const hubRect = controlBoxes[0]?.components.find((component) => component.name === hub)?.rect
  const middle = controlBoxes.length === 1 && hubRect ? hubRect.x + hubRect.width / 2 : width / 2
  return { width, height: Math.max(height, bottom + margin), outside: { x: middle - outsideWidth / 2, y: margin, width: outsideWidth, height: outsideHeight }, machines: boxes }
}

/** The hub stands tall in the middle so that paths leave it downwards; storage and the node's own agents left, the loops right. */
function controlBox(machine: MachineInput, rect: Rect): MachineBox {
  const inner = { x: rect.x + inset, y: rect.y + headerHeight, width: rect.width - 2 * inset, height: rect.height - headerHeight - inset }
  const others = machine.components.filter((name) => name !== hub)
  const left = others.filter((name) => name === 'etcd')
  const right = others.filter((name) => name !== 'etcd')
  const gap = inner.width < stackedBelow ? 10 : clamp(inner.width * 0.07, 14, 76)
  const columnWidth = (inner.width - 2 * gap) / 3
  const components: { name: string; rect: Rect }[] = []
  /** Side by side they would have no room for their names. */
  const stacked = inner.width < stackedBelow
  const agentsHeight = (stacked ? machine.agents.length * (agentHeight + agentGap) - agentGap : agentHeight) + 8
  const namesHeight = [nameWidth, nameWidthLeast]
    .filter((each) => each <= columnWidth)
    .map((each) => Math.ceil(machine.pods / Math.floor(columnWidth / each)) * nameHeight)
    .find((needed) => inner.height - agentsHeight - needed - aboveAgents >= storageHeightLeast)
  const leftHeight = Math.max(44, inner.height - agentsHeight - (namesHeight ?? marksHeight) - aboveAgents)
  for (const [index, name] of left.entries()) {
    const each = (leftHeight - 8 * (left.length - 1)) / left.length
    components.push({ name, rect: { x: inner.x, y: inner.y + index * (each + 8), width: columnWidth, height: each } })
  }
  if (machine.components.includes(hub)) components.push({ name: hub, rect: { x: inner.x + columnWidth + gap, y: inner.y, width: columnWidth, height: inner.height } })
  for (const [index, name] of right.entries()) {
    const each = (inner.height - 8 * (right.length - 1)) / right.length
    components.push({ name, rect: { x: inner.x + 2 * (columnWidth + gap), y: inner.y + index * (each + 8), width: columnWidth, height: each } })
  }
  const agentsTop = left.length > 0 ? inner.y + leftHeight + aboveAgents : inner.y
  // The kubelet talks most: it stands beside the hub.
  const agents = stacked ? agentColumn(machine.agents, inner.x, agentsTop, columnWidth) : agentRow([...machine.agents].reverse(), inner.x, agentsTop, columnWidth)
  const podTop = agents.reduce((lowest, { rect: { y, height } }) => Math.max(lowest, y + height), agentsTop) + 8
  return {
    name: machine.name,
    rect,
    detail: 'full',
    controlPlane: true,
    components,
    agents,
    podGrid: podGrid(machine.pods, { x: inner.x, y: podTop, width: columnWidth, height: rect.y + rect.height - inset - podTop }, namesHeight !== undefined),
  }
}

function workerBoxes(workers: readonly MachineInput[], area: Rect): MachineBox[] {
  if (workers.length === 0) return []
  const gap = workers.length <= 6 ? 12 : 8
  const full = bestGrid(workers.length, area, gap, 158, 104)
  if (full) {
    const height = Math.min(area.height, Math.max(full.rows * 132, area.height * 0.7, wantedWorkerHeight(workers, area.width, full.columns)))
    return rows(workers, { ...area, height }, full.columns, gap).map(({ machine, rect }) => fullWorker(machine, rect))
  }
  const compact = bestGrid(workers.length, area, 6, 86, 44)
  if (compact) return rows(workers, area, compact.columns, 6).map(({ machine, rect }) => bareBox(machine, rect, 'compact'))
  const tileGap = workers.length > 400 ? 2 : 3
  let side = Math.floor(Math.sqrt((area.width * area.height) / workers.length))
  while (side > 9 && Math.floor((area.width + tileGap) / (side + tileGap)) * Math.floor((area.height + tileGap) / (side + tileGap)) < workers.length) side--
  const columns = Math.max(1, Math.floor((area.width + tileGap) / (side + tileGap)))
  const used = columns * (side + tileGap) - tileGap
  const left = area.x + (area.width - used) / 2
  return workers.map((machine, index) =>
    bareBox(machine, { x: left + (index % columns) * (side + tileGap), y: area.y + Math.floor(index / columns) * (side + tileGap), width: side, height: side }, 'tile'),
  )
}

/** The height at which every pod of every worker is named, with a row to spare; for the number of columns that few workers get. */
function wantedWorkerHeight(workers: readonly MachineInput[], width: number, columns = Math.min(workers.length, 4)): number {
  if (workers.length === 0) return 0
  const most = workers.reduce((pods, worker) => Math.max(pods, worker.pods), 0)
  const across = Math.max(1, Math.floor((width / columns - 2 * inset - 12) / nameWidthLeast))
  const each = headerHeight + agentHeight + underAgents + (Math.ceil(most / across) + 1) * nameHeight + inset
  return Math.ceil(workers.length / columns) * Math.max(150, each)
}

function fullWorker(machine: MachineInput, rect: Rect): MachineBox {
  const x = rect.x + inset
  const width = rect.width - 2 * inset
  const agentsTop = rect.y + headerHeight
  const podTop = agentsTop + (machine.agents.length > 0 ? agentHeight + underAgents : 0)
  return {
    name: machine.name,
    rect,
    detail: 'full',
    controlPlane: false,
    components: [],
    agents: agentRow(machine.agents, x, agentsTop, width),
    podGrid: podGrid(machine.pods, { x, y: podTop, width, height: rect.y + rect.height - inset - podTop }, true),
  }
}

function bareBox(machine: MachineInput, rect: Rect, detail: Detail): MachineBox {
  return { name: machine.name, rect, detail, controlPlane: false, components: [], agents: [], podGrid: undefined }
}

function agentRow(agents: readonly string[], x: number, y: number, width: number): { name: string; rect: Rect }[] {
  const each = (width - agentGap * (agents.length - 1)) / Math.max(1, agents.length)
  return agents.map((name, index) => ({ name, rect: { x: x + index * (each + agentGap), y, width: each, height: agentHeight } }))
}

function agentColumn(agents: readonly string[], x: number, y: number, width: number): { name: string; rect: Rect }[] {
  return agents.map((name, index) => ({ name, rect: { x, y: y + index * (agentHeight + agentGap), width, height: agentHeight } }))
}

/** As much detail for the pods as their number leaves room for. */
export function podGrid(pods: number, area: Rect, mayName: boolean): PodGrid {
  for (const each of mayName ? [nameWidth, nameWidthLeast] : []) {
    const columns = Math.max(1, Math.floor(area.width / each))
    if (columns * Math.floor(area.height / nameHeight) >= pods) return { area, style: 'named', columns, cellWidth: area.width / columns, cellHeight: nameHeight }
  }
  for (const cell of [20, 17, 15]) {
    const across = Math.max(1, Math.floor(area.width / cell))
    if (across * Math.floor(area.height / cell) >= pods) return { area, style: 'marks', columns: across, cellWidth: cell, cellHeight: cell }
  }
  return { area, style: 'counts', columns: 1, cellWidth: area.width, cellHeight: 18 }
}

/** Where the pod at `index` of a grid is drawn. */
export function podRect(grid: PodGrid, index: number): Rect {
  if (grid.style === 'counts') return grid.area
  return {
    x: grid.area.x + (index % grid.columns) * grid.cellWidth,
    y: grid.area.y + Math.floor(index / grid.columns) * grid.cellHeight,
    width: grid.cellWidth,
    height: grid.cellHeight,
  }
}

/** The number of columns that makes `count` boxes as square as possible and no smaller than asked; undefined when they don't fit. */
function bestGrid(count: number, area: Rect, gap: number, minWidth: number, minHeight: number): { readonly columns: number; readonly rows: number } | undefined {
  let best: { columns: number; rows: number; score: number } | undefined
  for (let columns = 1; columns <= count; columns++) {
    const rowCount = Math.ceil(count / columns)
    const width = (area.width - gap * (columns - 1)) / columns
    const height = (area.height - gap * (rowCount - 1)) / rowCount
    if (width < minWidth || height < minHeight) continue
    const score = -Math.abs(Math.log(width / height / 1.7)) - ((rowCount * columns - count) / columns) * 0.9
    if (!best || score > best.score) best = { columns, rows: rowCount, score }
  }
  return best
}

function rows(machines: readonly MachineInput[], area: Rect, columns: number, gap: number): { readonly machine: MachineInput; readonly rect: Rect }[] {
  const rowCount = Math.ceil(machines.length / Math.max(1, columns))
  const width = (area.width - gap * (columns - 1)) / Math.max(1, columns)
  const height = (area.height - gap * (rowCount - 1)) / Math.max(1, rowCount)
  return machines.map((machine, index) => ({
    machine,
    rect: { x: area.x + (index % columns) * (width + gap), y: area.y + Math.floor(index / columns) * (height + gap), width, height },
  }))
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
