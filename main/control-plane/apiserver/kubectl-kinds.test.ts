/** The real kubectl on the kinds of storage, policy, quotas and autoscaling. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { Kubectl, realKubectl } from './testing/real-kubectl.node.ts'
import { storageAndPolicyYaml } from './testing/storage-and-policy.ts'

const binary = realKubectl()

/** What `get -o wide` prints, without ages; cells are two spaces or more apart. */
function tableOf(text: string): string[][] {
  const lines = text.trimEnd().split('\n')
  const starts = [...(lines[0] ?? '').matchAll(/\S+(?: \S+)*/g)].map(({ index }) => index)
  const rows = lines.map((line) => starts.map((start, at) => line.slice(start, starts[at + 1]).trim()))
  const age = rows[0]!.indexOf('AGE')
  return rows.map((row) => row.filter((_, at) => at !== age))
}

describe.skipIf(!binary)('the real kubectl', () => {
  let dev: DevServer
  let kubectl: Kubectl
  const run = (args: string, input?: string, env?: Readonly<Record<string, string>>) => kubectl.run(args.split(' '), input, env)
  const ok = async (args: string, input?: string, env?: Readonly<Record<string, string>>): Promise<string> => {
    const ran = await run(args, input, env)
    expect(ran, `kubectl ${args}`).toMatchObject({ code: 0 })
    return ran.stdout
  }

  beforeAll(async () => {
    dev = await startDevServer()
    kubectl = new Kubectl(binary!, dev.kubeconfig)
    const created = await ok('apply -f -', storageAndPolicyYaml)
    expect(created.trimEnd().split('\n').every((line) => line.endsWith(' created'))).toBe(true)
  })
  afterAll(() => dev.close())

  it.each<[string, string[], string[]]>([
    ['limits', ['NAME', 'CREATED AT'], ['usual', expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string]],
    ['quota', ['NAME', 'REQUEST', 'LIMIT'], ['team', '', '']],
    ['pv', ['NAME', 'CAPACITY', 'ACCESS MODES', 'RECLAIM POLICY', 'STATUS', 'CLAIM', 'STORAGECLASS', 'VOLUMEATTRIBUTESCLASS', 'REASON', 'VOLUMEMODE'], ['disk', '1Gi', 'RWO', 'Delete', 'Pending', '', 'fast', '<unset>', '', 'Filesystem']],
    ['pvc', ['NAME', 'STATUS', 'VOLUME', 'CAPACITY', 'ACCESS MODES', 'STORAGECLASS', 'VOLUMEATTRIBUTESCLASS', 'VOLUMEMODE'], ['data', 'Pending', '', '', '', 'fast', '<unset>', 'Filesystem']],
    ['podtemplates', ['NAME', 'CONTAINERS', 'IMAGES', 'POD LABELS'], ['shape', 'main', 'nginx', 'app=web']],
    ['sc', ['NAME', 'PROVISIONER', 'RECLAIMPOLICY', 'VOLUMEBINDINGMODE', 'ALLOWVOLUMEEXPANSION'], ['fast (default)', 'disk.example.com', 'Delete', 'WaitForFirstConsumer', 'true']],
    ['csinodes', ['NAME', 'DRIVERS'], ['worker-1', '1']],
    ['csidrivers', ['NAME', 'ATTACHREQUIRED', 'PODINFOONMOUNT', 'STORAGECAPACITY', 'TOKENREQUESTS', 'REQUIRESREPUBLISH', 'MODES'], ['disk.example.com', 'true', 'false', 'false', '<unset>', 'false', 'Persistent']],
    ['csistoragecapacities', ['NAME', 'STORAGECLASSNAME', 'CAPACITY'], ['left', 'fast', '10Gi']],
    ['volumeattachments', ['NAME', 'ATTACHER', 'PV', 'NODE', 'ATTACHED'], ['attached', 'disk.example.com', 'disk', 'worker-1', 'false']],
    ['vac', ['NAME', 'DRIVERNAME'], ['gold', 'disk.example.com']],
    ['pdb', ['NAME', 'MIN AVAILABLE', 'MAX UNAVAILABLE', 'ALLOWED DISRUPTIONS'], ['guard', '50%', 'N/A', '0']],
    ['hpa', ['NAME', 'REFERENCE', 'TARGETS', 'MINPODS', 'MAXPODS', 'REPLICAS'], ['web', 'Deployment/web', 'cpu: <unknown>/60%, <unknown>/1k + 1 more...', '1', '5', '0']],
    ['runtimeclasses', ['NAME', 'HANDLER'], ['gvisor', 'runsc']],
  ])('lists %s', async (resource, header, row) => {
    const [seenHeader, seenRow] = tableOf(await ok(`get ${resource} -o wide`))
    expect(seenHeader).toEqual(header)
    expect(seenRow).toEqual(row)
  })

  it.each<[string, string[]]>([
    ['limits', ['Container              cpu       100m  2     250m             500m           4', 'Container              memory    -     1Gi   1Gi              1Gi            -', 'PersistentVolumeClaim  storage   1Gi   10Gi  -                -              -']],
    ['quota', ['Scopes:     NotTerminating', 'Resource  Used  Hard']],
    ['pv', ['Reclaim Policy:    Delete', '    Term 0:        topology.kubernetes.io/zone in [a]', '    VolumeHandle:      vol-1']],
    ['pvc', ['Status:        Pending', 'Used By:       <none>']],
    ['sc', ['IsDefaultClass:  Yes', 'AllowVolumeExpansion:  True', '  discard']],
    ['csinode', ['      Node ID:  worker-1', '        Count:        8']],
    ['vac', ['DriverName:  disk.example.com', 'Parameters:  iops=1000']],
    ['pdb', ['Min available:  50%', '    Allowed disruptions:  0']],
    ['hpa', ['  resource cpu on pods  (as a percentage of request):  <unknown> / 60%', '    Stabilization Window: 60 seconds', 'Deployment pods:       0 current / 0 desired']],
    ['podtemplate', ['  Generation:          1', '    Dns Policy:                    ClusterFirst']],
    ['volumeattachment', ['  Attached:  false']],
    ['csidriver', ['  Fs Group Policy:     ReadWriteOnceWithFSType']],
    ['csistoragecapacity', ['Capacity:     10Gi']],
    ['runtimeclass', ['Handler:      runsc']],
  ])('describes %s', async (resource, lines) => {
    expect((await ok(`describe ${resource}`)).split('\n')).toEqual(expect.arrayContaining(lines))
  })

  it('applies again without a change, on the client and on the server', async () => {
    expect(await ok('diff -f -', storageAndPolicyYaml)).toBe('')
    const again = (await ok('apply -f -', storageAndPolicyYaml)).trimEnd().split('\n')
    // Lists with defaults in them and selectors that are replaced differ every time, as far as kubectl can see.
    expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual(['limitrange/usual configured', 'poddisruptionbudget.policy/guard configured'])
    const taken = (await ok('apply --server-side --force-conflicts -f -', storageAndPolicyYaml)).trimEnd().split('\n')
    expect(taken.every((line) => line.endsWith(' serverside-applied'))).toBe(true)
    expect(await ok('diff --server-side --force-conflicts -f -', storageAndPolicyYaml)).toBe('')
  })

  it('edits objects and their status', async () => {
    const editor = (command: string): Readonly<Record<string, string>> => ({ KUBE_EDITOR: `sed -i '${command}'` })
    expect(await ok('edit pdb guard', '', editor('s/50%/25%/'))).toBe('poddisruptionbudget.policy/guard edited\n')
    expect(await ok('get pdb guard -o jsonpath={.spec.minAvailable},{.metadata.generation}')).toBe('25%,2')
    expect(await ok('edit quota team --subresource=status', '', editor('s/^status: {}/status: {used: {pods: "3"}, hard: {pods: "10"}}/'))).toBe('resourcequota/team edited\n')
    expect(tableOf(await ok('get quota team'))[1]).toEqual(['team', 'pods: 3/10', ''])
    expect(await ok('patch pv disk --subresource=status -p {"status":{"phase":"Available"}}')).toBe('persistentvolume/disk patched\n')
    expect(await ok('get pv disk -o jsonpath={.status.phase},{.status.lastPhaseTransitionTime}')).toMatch(/^Available,\d{4}-/)
    expect(await ok('patch hpa web --subresource=status --type=merge -p {"status":{"currentReplicas":2,"desiredReplicas":3}}')).toBe('horizontalpodautoscaler.autoscaling/web patched\n')
    expect(tableOf(await ok('get hpa web'))[1]!.at(-1)).toBe('2')
  })

  it('hears what is wrong', async () => {
    const refused = async (args: string, input?: string): Promise<string> => {
      const ran = await run(args, input)
      expect(ran.code).toBe(1)
      return ran.stderr
    }
    expect(await refused('patch sc fast -p {"reclaimPolicy":"Retain"}')).toBe('The StorageClass "fast" is invalid: reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.\n')
    expect(await refused('patch runtimeclass gvisor -p {"handler":"kata"}')).toBe('The RuntimeClass "gvisor" is invalid: handler: Invalid value: "kata": field is immutable\n')
    expect(await refused('create quota none --hard=cpus=1')).toContain('hard[cpus]: Invalid value: "cpus": must be a standard resource for quota')
    expect(await refused('patch hpa web --type=merge -p {"spec":{"maxReplicas":0}}')).toBe('The HorizontalPodAutoscaler "web" is invalid: \n* spec.maxReplicas: Invalid value: 0: must be greater than 0\n* spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`\n')
    expect((await run('get cs')).stderr).toBe('Warning: v1 ComponentStatus is deprecated in v1.19+\n')
  })

  it('creates with its generators', async () => {
    await ok('create deployment web --image=nginx')
    expect(await ok('autoscale deployment web --name=second --min=2 --max=4 --cpu=50%')).toBe('horizontalpodautoscaler.autoscaling/second autoscaled\n')
    expect(await ok('get horizontalpodautoscalers.v1.autoscaling second -o jsonpath={.apiVersion},{.spec.targetCPUUtilizationPercentage}')).toBe('autoscaling/v1,50')
    expect(await ok('create poddisruptionbudget third --selector=app=web --min-available=1')).toBe('poddisruptionbudget.policy/third created\n')
    expect(await ok('create quota fourth --hard=pods=2,services=1')).toBe('resourcequota/fourth created\n')
    expect(await ok('get all')).toContain('horizontalpodautoscaler.autoscaling/second   Deployment/web   cpu: <unknown>/50%')
  })

  it('deletes', async () => {
    const gone = (await ok('delete --wait=false -f -', storageAndPolicyYaml)).trimEnd().split('\n')
    expect(gone).toHaveLength(14)
    for (const line of gone) expect(line).toMatch(/^[a-z.0-9]+ "[^"]+" deleted( from default namespace)?$/)
  })
})
