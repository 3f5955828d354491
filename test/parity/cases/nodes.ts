import { bare, type ParityCase } from '../parity-case.ts'

/** Nodes are shared by both tools: only what does not change them, or says the same whoever comes first. */
export const nodeCases: readonly ParityCase[] = [
  {
    name: 'taint, cordon and drain',
    steps: [
      bare('taint node worker-2 a=b:Foo'),
      bare('taint node worker-2'),
      bare('taint node worker-2 a:NoSchedule-'),
      bare('taint node worker-2 a=b:NoSchedule --dry-run=client'),
      bare('taint node none a=b:NoSchedule'),
      bare('taint pod none a=b:NoSchedule'),
      bare('taint'),
      bare('cordon none'),
      bare('cordon'),
      bare('cordon worker-2 --dry-run=client'),
      bare('uncordon worker-2'),
      bare('drain none'),
      bare('drain'),
      bare('drain worker-2 --ignore-daemonsets --dry-run=client --pod-selector=none=here'),
      bare('drain worker-2 --dry-run=client --pod-selector=k8s-app=kube-proxy'),
    ],
  },
]
