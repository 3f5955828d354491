/** `works`: a test shows it. `not yet`: it is missing, or nothing shows it. `out`: it cannot be had here. */
export type ConformanceState = 'works' | 'not yet' | 'out'

/** One behaviour of the official list. */
export interface ConformanceEntry {
  readonly area: string
  readonly name: string
  readonly state: ConformanceState
  /** Test files from the repository's root, for what works. */
  readonly references: readonly string[]
  /** Why not, for the others. */
  readonly reason: string
}

const shortPaths: Readonly<Record<string, string>> = {
  A: 'main/control-plane/apiserver',
  C: 'main/control-plane/controllers',
  N: 'main/node',
  S: 'main/control-plane/scheduler',
  T: 'test/conformance',
}

const stateNames: Readonly<Record<ConformanceState, string>> = { works: 'works', 'not yet': 'not yet', out: 'out of scope' }

/** Reads conformance.txt. Throws an Error with the line's number for a line that is neither comment, area, heading nor name. */
export function parseConformance(text: string): readonly ConformanceEntry[] {
  const entries: ConformanceEntry[] = []
  let area = ''
  let heading: Omit<ConformanceEntry, 'area' | 'name'> | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('# ')) continue
    const stated = /^(works|not yet|out): (.+)$/.exec(line)
    if (line.startsWith('## ')) {
      area = line.slice(3)
      heading = undefined
    } else if (stated) {
      const state = stated[1] as ConformanceState
      const said = stated[2] as string
      heading = state === 'works' ? { state, references: said.split(' ').map(wholePath), reason: '' } : { state, references: [], reason: said }
    } else if (line.startsWith('  ') && heading && area) entries.push({ area, name: line.trim(), ...heading })
    else throw new Error(`conformance.txt:${index + 1}: ${line}`)
  }
  return entries
}

function wholePath(path: string): string {
  const [first, ...rest] = path.split('/') as [string, ...string[]]
  return [shortPaths[first] ?? first, ...rest].join('/')
}

/** The table for people: sums, then the names of each area. */
export function markdownOf(entries: readonly ConformanceEntry[]): string {
  const areas = [...new Set(entries.map(({ area }) => area))]
  const count = (area: string | undefined, state?: ConformanceState): number => entries.filter((each) => (!area || each.area === area) && (!state || each.state === state)).length
  const sums = [...areas, undefined].map((area) => `| ${area ?? '**all**'} | ${count(area)} | ${count(area, 'works')} | ${count(area, 'not yet')} | ${count(area, 'out')} |`)
  const parts = areas.map((area) => {
    const rows = entries.filter((each) => each.area === area).map((each) => `| ${each.name.replaceAll('|', '\\|').replaceAll('*', '\\*')} | ${stateNames[each.state]} | ${shownBy(each)} |`)
    return `## ${area}\n\n| Behaviour | | Shown by, or why not |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return `${introduction}\n| Area | Names | Works | Not yet | Out of scope |\n| --- | --- | --- | --- | --- |\n${sums.join('\n')}\n\n${parts.join('\n')}`
}

function shownBy({ references, reason }: ConformanceEntry): string {
  if (references.length === 0) return reason
  return references.map((path) => `[${path.replace(/\.test\.ts$/, '').replace(/^(main\/control-plane|main|test)\//, '')}](../../${path})`).join(', ')
}

const introduction = `# Conformance

What of the official Kubernetes conformance list holds here. The names are upstream's (test/conformance/testdata/conformance.yaml
as of 1.32, with those of 1.33 to 1.35 that we know of; the official list has 441 by 1.35); the official suite itself cannot run here, because its images are
real containers. "Works" means that a test of ours shows the behaviour, at least as strictly as the name says it, and links to
it; "not yet" that it is missing or that nothing shows it; "out of scope" that a model without containers and a Linux kernel
cannot have it.

Made from conformance.txt by conformance.test.ts, which also checks that every test named here exists. The tests beside it
are those that no other folder had: every resource's API, custom resources, and what pods see of volumes and their environment.
`
