import { quietly, type ParityCase } from '../parity-case.ts'

const stateful = (image: string): string => `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: db, image: "${image}"}]
`
const daemon = (image: string): string => stateful(image).replace('StatefulSet', 'DaemonSet').replaceAll('name: db', 'name: agent').replaceAll('app: db', 'app: agent').replace(/ {2}serviceName.*\n/, '')

/** Rollouts of what keeps ControllerRevisions. */
export const revisionCases: readonly ParityCase[] = [
  {
    name: 'daemon set',
    files: { 'a.yaml': daemon('nginx:1.14'), 'b.yaml': daemon('nginx:1.15') },
    steps: [
      quietly('create -f $FILES/a.yaml'),
      quietly('rollout status daemonset/agent --timeout=30s'),
      'rollout history daemonset/agent',
      'rollout undo daemonset/agent',
      quietly('replace -f $FILES/b.yaml'),
      quietly('rollout status daemonset/agent --timeout=30s'),
      'rollout status daemonset/agent',
      'rollout history daemonset/agent',
      'rollout history daemonset/agent --revision=1',
      'rollout history daemonset/agent --revision=9',
      'rollout history daemonset agent -o name',
      'rollout undo daemonset/agent --dry-run=client',
      'rollout undo daemonset/agent',
      quietly('rollout status daemonset/agent --timeout=30s'),
      'rollout undo daemonset/agent --to-revision=99',
      'rollout history daemonset/agent',
      'rollout pause daemonset/agent',
      'rollout restart daemonset/agent',
      'get daemonset agent -o jsonpath={.spec.template.spec.containers[0].image}',
    ],
  },
  {
    name: 'stateful set',
    files: { 'a.yaml': stateful('nginx:1.14'), 'b.yaml': stateful('nginx:1.15') },
    steps: [
      quietly('create -f $FILES/a.yaml'),
      quietly('rollout status statefulset/db --timeout=30s'),
      'rollout history statefulset/db',
      quietly('replace -f $FILES/b.yaml'),
      quietly('rollout status statefulset/db --timeout=30s'),
      'rollout status statefulset/db',
      'rollout history statefulset/db',
      'rollout history sts/db --revision=2',
      'rollout undo statefulset/db --to-revision=1',
      quietly('rollout status statefulset/db --timeout=30s'),
      'rollout history statefulset/db',
      'rollout resume statefulset/db',
      'rollout restart statefulset',
      'get statefulset db -o jsonpath={.spec.template.spec.containers[0].image}',
    ],
  },
]
