import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startParityLab, type ParityLab } from './parity-lab.ts'
import { runOurs, runReal, wordsOf } from './tools.ts'

/** The real kubectl with custom resources, from their definition to its end: a transcript. Lines that only read are said by ours, too. */
const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: A tab of crons.
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [cronSpec]
            x-kubernetes-validations:
            - {rule: "!has(self.maxReplicas) || self.replicas <= self.maxReplicas", message: replicas must not exceed maxReplicas}
            properties:
              cronSpec: {type: string, pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$', description: When it runs.}
              image: {type: string}
              replicas: {type: integer, minimum: 1, default: 1}
              maxReplicas: {type: integer}
          status:
            type: object
            properties: {replicas: {type: integer}, labelSelector: {type: string}}
    selectableFields: [{jsonPath: .spec.image}]
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.labelSelector}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec, description: The cron spec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Image, type: string, jsonPath: .spec.image, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
`
const tab = 'apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: my-tab, labels: {a: b}}\nspec: {cronSpec: "* * * * */5", image: my-image}\n'
const files: Readonly<Record<string, string>> = { 'crd.yaml': definition, 'ct.yaml': tab, 'typo.yaml': tab.replace('image:', 'imgae:'), 'wrong.yaml': tab.replace('my-tab', 'wrong').replace('"* * * * */5"', '7') }

/** What was said, ages and the like made the same. */
const transcript: readonly (readonly [line: string, said: string])[] = [
  ['apply -f crd.yaml', 'customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created\n'],
  ['wait --for condition=established crd/crontabs.stable.example.com --timeout=10s', 'customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com condition met\n'],
  ['apply -f crd.yaml', 'customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com unchanged\n'],
  ['get ct', 'No resources found in default namespace.\n'],
  ['create -f typo.yaml', 'Error from server (BadRequest): error when creating "typo.yaml": CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.imgae"\n'],
  ['create -f typo.yaml --validate=warn --dry-run=server', 'Warning: unknown field "spec.imgae"\ncrontab.stable.example.com/my-tab created (server dry run)\n'],
  ['create -f wrong.yaml', 'The CronTab "wrong" is invalid: spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"\n'],
  ['apply -f ct.yaml', 'crontab.stable.example.com/my-tab created\n'],
  ['apply -f ct.yaml', 'crontab.stable.example.com/my-tab unchanged\n'],
  ['diff -f ct.yaml', ''],
  ['get ct', 'NAME     SPEC          REPLICAS   AGE\nmy-tab   * * * * */5   1          AGE\n'],
  ['get crontabs.v1.stable.example.com -o wide', 'NAME     SPEC          REPLICAS   IMAGE      AGE\nmy-tab   * * * * */5   1          my-image   AGE\n'],
  ['get ct --field-selector spec.image=my-image -o name', 'crontab.stable.example.com/my-tab\n'],
  ['get ct --field-selector spec.image=other -o name', ''],
  ['get ct --field-selector spec.nope=x', 'Error from server (BadRequest): Unable to find "stable.example.com/v1, Resource=crontabs" that match label selector "", field selector "spec.nope=x": field label not supported: spec.nope\n'],
  ['explain crontab.spec', 'GROUP:      stable.example.com\nKIND:       CronTab\nVERSION:    v1\n\nFIELD: spec <Object>\n\n\nDESCRIPTION:\n    What is wanted.\n    \nFIELDS:\n  cronSpec\t<string> -required-\n    When it runs.\n\n  image\t<string>\n    <no description>\n\n  maxReplicas\t<integer>\n    <no description>\n\n  replicas\t<integer>\n    <no description>\n\n\n'],
  ['scale ct/my-tab --replicas=3', 'crontab.stable.example.com/my-tab scaled\n'],
  ["get ct my-tab -o jsonpath='{.spec.replicas} {.metadata.generation}'", '3 2'],
  [`patch ct my-tab --type merge -p '{"spec":{"maxReplicas":2}}'`, 'The CronTab "my-tab" is invalid: spec: Invalid value: replicas must not exceed maxReplicas\n'],
  [`patch ct my-tab -p '{"spec":{"image":"x"}}'`, 'error: application/strategic-merge-patch+json is not supported by stable.example.com/v1, Kind=CronTab: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml\n'],
  [`patch ct my-tab --subresource=status --type merge -p '{"status":{"replicas":3}}'`, 'crontab.stable.example.com/my-tab patched\n'],
  ['get ct my-tab --subresource=scale -o jsonpath={.status.replicas}', '3'],
  ['apply --server-side -f ct.yaml', 'crontab.stable.example.com/my-tab serverside-applied\n'],
  ['label ct my-tab x=y', 'crontab.stable.example.com/my-tab labeled\n'],
  ['auth can-i create crontabs.stable.example.com --as=system:serviceaccount:default:default', 'no\n'],
  ['delete ct my-tab', 'crontab.stable.example.com "my-tab" deleted from default namespace\n'],
  ['delete crd crontabs.stable.example.com', 'customresourcedefinition.apiextensions.k8s.io "crontabs.stable.example.com" deleted\n'],
  ['get crd crontabs.stable.example.com', 'Error from server (NotFound): customresourcedefinitions.apiextensions.k8s.io "crontabs.stable.example.com" not found\n'],
]
// explain is left out: ours writes the type of an object without a name in small letters.
const reading = /^(get|wait|diff|auth)\b/

let lab: ParityLab
let folder: string
beforeAll(async () => {
  lab = await startParityLab()
  folder = mkdtempSync(join(tmpdir(), 'parity-custom-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab.stop()
})

const steady = (text: string): string => text.replace(/\d+m?s$/gm, 'AGE')

it('kubectl knows custom resources from their definition to its end', async () => {
  const seen: [string, string][] = []
  for (const [line] of transcript) {
    const invocation = { argv: wordsOf(line), kubeconfig: lab.kubeconfig, folder }
    const real = await runReal(invocation)
    seen.push([line, steady(real.err + real.out)])
    if (!reading.test(line)) continue
    const ours = await runOurs(invocation)
    expect([line, ours.code, steady(ours.err + ours.out)]).toEqual([line, real.code, steady(real.err + real.out)])
  }
  expect(seen).toEqual(transcript)
})
