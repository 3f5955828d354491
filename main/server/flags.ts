import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { labNameProblem } from '../lab/paths.ts'
import { haSpec, parseSpec, singleSpec, SpecError, standardSpec, withCloud, type LabSpec } from '../lab/specs.ts'

/** What `orrery serve` was asked for. */
export interface ServeFlags {
  readonly headless: boolean
  readonly ephemeral: boolean
  readonly lab: string
  readonly spec: LabSpec
  readonly kubeconfig: string | undefined
  readonly port: number
  readonly windowPort: number
  readonly speed: number
  readonly open: boolean
}

/** Wrong flags: one line for a person, exit code 2. */
export class UsageError extends Error {}

export const serveUsage = `Start a lab: a cluster, its API server on 127.0.0.1, and (unless --headless) its window in a browser.

Usage:
  orrery serve [flags]

Flags:
  --headless           no window; print one JSON line when every node is Ready
  --ephemeral          keep nothing on disk
  --lab NAME           name of the lab (default "standard"); its files are kept under that name
  --spec FILE|standard|single|ha
                       what the cluster is made of: a YAML file, three workers, one node that does everything, or
                       three control-plane nodes and three workers
  --nodes N            number of worker nodes of the standard and ha specs
  --cloud              machines rented from a simulated cloud: zones, load balancers that answer on 127.0.0.1, routes
                       (a spec file says so itself under "cloud", with node groups for the cluster autoscaler)
  --kubeconfig FILE    where to write the kubeconfig (default: in the lab's folder)
  --port N             port of the API server (default: a free one, kept for the lab)
  --window-port N      port of the window's page (default: a free one)
  --speed X            virtual seconds per real second; 0 or "max": as fast as it can (default 1)
  --seed N             seed of the run (default 1)
  --no-open            do not open a browser
  --help               show this
`

/** Answers the flags, or 'help'. Rejects with a UsageError. */
export async function parseServeFlags(argv: readonly string[]): Promise<ServeFlags | 'help'> {
  let values: Record<string, string | boolean | undefined>
  try {
    ;({ values } = parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        headless: { type: 'boolean' },
        ephemeral: { type: 'boolean' },
        lab: { type: 'string' },
        spec: { type: 'string' },
        nodes: { type: 'string' },
        kubeconfig: { type: 'string' },
        port: { type: 'string' },
        'window-port': { type: 'string' },
        speed: { type: 'string' },
        seed: { type: 'string' },
        cloud: { type: 'boolean' },
        'no-open': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }))
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]!.replace(/\.? To specify .*$/, ''))
  }
  if (values.help) return 'help'
  const text = (name: string): string | undefined => values[name] as string | undefined
  const lab = text('lab') ?? 'standard'
  const problem = labNameProblem(lab)
  if (problem) throw new UsageError(`--lab: ${problem}`)
  const seed = whole(text('seed'), 'seed', 0, 2 ** 32 - 1) ?? 1
  return {
    headless: values.headless === true,
    ephemeral: values.ephemeral === true,
    lab,
    spec: withCloud(await specOf(text('spec'), whole(text('nodes'), 'nodes', 0, 1_000), lab, seed), values.cloud === true),
    kubeconfig: text('kubeconfig'),
    port: whole(text('port'), 'port', 0, 65_535) ?? 0,
    windowPort: whole(text('window-port'), 'window-port', 0, 65_535) ?? 0,
    speed: speedOf(text('speed')),
    open: values['no-open'] !== true,
  }
}

async function specOf(spec: string | undefined, nodes: number | undefined, lab: string, seed: number): Promise<LabSpec> {
  if (spec === undefined || spec === 'standard') return standardSpec(lab, seed, nodes)
  if (spec === 'ha') return haSpec(lab, seed, nodes)
  if (nodes !== undefined) throw new UsageError('--nodes goes with the standard and ha specs only')
  if (spec === 'single') return singleSpec(lab, seed)
  let text: string
  try {
    text = readFileSync(spec, 'utf8')
  } catch (error) {
    throw new UsageError(`--spec: cannot read ${spec}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`)
  }
  // The parser takes a while to load, and few starts read a file.
  const { parse } = await import('yaml')
  try {
    return parseSpec(parse(text), lab, seed)
  } catch (error) {
    if (error instanceof SpecError) throw new UsageError(`--spec: ${spec}: ${error.message}`)
    throw new UsageError(`--spec: ${spec}: ${(error as Error).message.split('\n')[0]}`)
  }
}

function whole(text: string | undefined, flag: string, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) throw new UsageError(`--${flag} has to be a whole number from ${min} to ${max}, not "${text}"`)
  return value
}

function speedOf(text: string | undefined): number {
  if (text === undefined) return 1
  if (text === 'max') return 0
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || value > 1_000) throw new UsageError(`--speed has to be a number from 0 to 1000 or "max", not "${text}"`)
  return value
}
