import { quietly, type ParityCase } from '../parity-case.ts'
import { deploymentManifest } from './manifests.ts'

export const rolloutCases: readonly ParityCase[] = [
  {
    name: 'history, pause, undo',
    files: { 'd.yaml': deploymentManifest.replace('replicas: 3', 'replicas: 1'), 'e.yaml': deploymentManifest.replace('replicas: 3', 'replicas: 1').replace('1.14', '1.15') },
    steps: [
      quietly('apply -f d.yaml'),
      quietly('rollout status deployment/nginx-deployment --timeout=20s'),
      'rollout status deployment/nginx-deployment',
      'rollout history deployment/nginx-deployment',
      'rollout undo deployment/nginx-deployment',
      quietly('apply -f e.yaml'),
      quietly('rollout status deployment/nginx-deployment --timeout=20s'),
      'rollout history deployment/nginx-deployment',
      'rollout history deployment/nginx-deployment --revision=1',
      'rollout history deployment/nginx-deployment --revision=9',
      'rollout pause deployment/nginx-deployment',
      'rollout pause deployment/nginx-deployment',
      'rollout restart deployment/nginx-deployment',
      'rollout undo deployment/nginx-deployment',
      'rollout resume deployment/nginx-deployment',
      'rollout resume deployment/nginx-deployment',
      'rollout undo deployment/nginx-deployment --dry-run=client',
      'rollout undo deployment/nginx-deployment',
      'rollout undo deployment/nginx-deployment --to-revision=99',
      'rollout restart deployment/nginx-deployment',
      'rollout status deployment/none',
      'rollout restart',
      // Longer than the second within which a restart is refused.
      quietly('wait --for=condition=Never deployment/nginx-deployment --timeout=2s'),
      'rollout restart deployment',
      'rollout status configmap/kube-root-ca.crt',
      'rollout restart configmap/kube-root-ca.crt',
      'rollout pause configmap/kube-root-ca.crt',
      'rollout history configmap/kube-root-ca.crt',
      'rollout undo configmap/kube-root-ca.crt',
    ],
  },
]
