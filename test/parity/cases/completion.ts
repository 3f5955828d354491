import { bare, quietly, type ParityCase } from '../parity-case.ts'

const steps = [
  'cr', 'create ""', 'get po', 'get ""', 'get deployment,po', 'get no -o n', 'get -o ""', 'get -ojs', 'get --output=js', 'get -f ""', 'get -n kube-s', 'get pods -n kube-system kube-apiserver', 'get pods --namespace=kube-sys',
  'get nodes ""', 'get nodes worker-1 ""', 'get node/', 'get node/w', 'get node/worker-1 node/', 'describe no', 'delete ns kube', 'cordon ""', 'drain w', 'uncordon worker-1 ""', 'top ""', 'top node ""', 'taint ""', 'taint node ""',
  'scale ""', 'autoscale ""', 'expose ""', 'run x ""', 'set ""', 'set image ""', 'rollout ""', 'rollout status ""', 'rollout pause ""', 'config ""', 'config use-context ""', 'config set-context ""', 'config delete-cluster ""', 'config delete-user ""',
  '--context ""', '--cluster ""', '--user ""', 'create service ""', 'create token "" -n kube-system', 'create namespace ""', 'logs po', 'logs deployments/ -n kube-system', 'port-forward st', 'exec x ""', 'exec x -- ""', 'wait ""', 'wait pod ""', 'explain ""',
  'apply ""', 'apply --dry-run ""', 'kustomize ""', 'diff ""', 'replace ""', 'version ""', 'api-resources ""', 'cluster-info ""', 'auth ""', 'certificate approve ""', 'edit no', 'patch node w', 'label nodes ""', 'annotate node work', 'debug no',
  'bogus ""', 'get pods --bogus ""', 'rollout bogus ""', 'proxy ""', 'plugin ""',
]

/** The answers to shells. Flags without their descriptions, which are in words of our own. */
export const completionCases: readonly ParityCase[] = [
  { name: 'words', steps: [bare('__complete'), ...steps.map((line) => bare(`__complete ${line}`)), bare('__completeNoDesc cr')] },
  { name: 'flags', steps: ['get --na', 'get -', 'get --', 'get -A --', 'apply --dry', 'describe --', 'logs -', 'create deployment --im', 'rollout status --', 'config view --', 'exec -', 'drain --', '--ku'].map((line) => bare(`__completeNoDesc ${line}`)) },
  {
    name: 'pods',
    steps: [
      quietly('run web --image=nginx:1.14'),
      quietly('run box --image=busybox:1.36'),
      bare('__complete -n $NS get pods ""'),
      bare('__complete get pods -n $NS w'),
      bare('__complete logs -n $NS ""'),
      bare('__complete logs -n $NS web ""'),
      bare('__complete logs -n $NS pod/'),
      bare('__complete attach -n $NS w'),
      bare('__complete cp -n $NS w'),
      bare('__complete cp -n $NS web:'),
      bare('__complete top pod -n $NS ""'),
      bare('__complete get all -n $NS ""'),
      bare('__complete exec -n $NS ""'),
    ],
  },
  { name: 'scripts', steps: [bare('completion'), bare('completion a b'), bare('completion tcsh')] },
]
