import { bare, quietly, type ParityCase } from '../parity-case.ts'
import { deploymentManifest, nodeSelectorManifest, podManifest, serviceManifest } from './manifests.ts'

/** Every manifest and command of the architecture guide. */
export const guideCases: readonly ParityCase[] = [
  {
    name: 'manifests and commands',
    files: { 'nginx-deployment.yaml': deploymentManifest, 'nginx-pod.yaml': podManifest, 'nginx-service.yaml': serviceManifest, 'nginx.yaml': nodeSelectorManifest },
    steps: [
      'run nginx --image=nginx:1.14',
      quietly('delete pod nginx --now'),
      'apply -f nginx-deployment.yaml',
      'apply -f nginx-pod.yaml',
      'apply -f nginx-service.yaml',
      'apply -f nginx.yaml',
      quietly('rollout status deployment/nginx-deployment --timeout=30s'),
      quietly('wait --for=condition=Ready pod/nginx-pod --timeout=30s'),
      'get deployments',
      'get replicasets --no-headers -o name',
      'get services',
      'get endpoints nginx-service',
      'get pod nginx-pod -o yaml',
      'get deployment nginx-deployment -o yaml',
      'get pod nginx',
      bare('get namespaces default kube-system'),
      bare('get nodes -o wide'),
      bare('api-resources'),
      'delete -f nginx-deployment.yaml -f nginx-pod.yaml -f nginx-service.yaml -f nginx.yaml --wait=false',
    ],
  },
]
