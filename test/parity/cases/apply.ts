import { fed, quietly, type ParityCase } from '../parity-case.ts'
import { deploymentManifest, podManifest, serviceManifest } from './manifests.ts'

export const applyCases: readonly ParityCase[] = [
  {
    name: 'a deployment, again and again',
    files: {
      'd.yaml': deploymentManifest,
      'four.yaml': deploymentManifest.replace('replicas: 3', 'replicas: 4'),
      'image.yaml': deploymentManifest.replace('1.14', '1.15'),
      'bare.yaml': deploymentManifest.replace('  replicas: 3\n', ''),
      'selector.yaml': deploymentManifest.replaceAll('app: nginx', 'app: other'),
    },
    steps: [
      'apply -f d.yaml --dry-run=client',
      'apply -f d.yaml --dry-run=client -o yaml',
      'apply -f d.yaml',
      'apply -f d.yaml',
      'apply -f d.yaml --dry-run=client',
      'apply -f four.yaml',
      'apply -f four.yaml',
      'apply -f image.yaml --dry-run=client',
      'apply -f image.yaml --dry-run=server',
      'apply -f image.yaml',
      'apply -f bare.yaml',
      "get deployment nginx-deployment -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[0].image}'",
      'apply -f selector.yaml',
      'apply view-last-applied deployment nginx-deployment',
      'apply view-last-applied deployment/nginx-deployment -o json',
      'apply set-last-applied -f d.yaml',
    ],
  },
  {
    name: 'several objects',
    files: { 'p.yaml': podManifest, 's.yaml': serviceManifest, 'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "1"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  x: "2"\n' },
    steps: [
      'apply -f s.yaml -f p.yaml -o name',
      'apply -f cm.yaml -o yaml',
      'apply -f cm.yaml -o json',
      'apply -f cm.yaml',
      'apply -f .',
      fed('apply -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    q: r\ndata:\n  y: "1"\n'),
      'get configmap a -o yaml',
      'apply',
      'apply foo',
      'apply -f cm.yaml -l a=b',
      'apply -f cm.yaml --force-conflicts',
    ],
  },
  {
    name: 'what apply did not make',
    files: { 'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "1"\n' },
    steps: [quietly('create -f cm.yaml'), 'apply -f cm.yaml', 'apply -f cm.yaml', 'get configmap a -o yaml', 'apply view-last-applied configmap a', quietly('create configmap plain'), 'apply view-last-applied configmap plain'],
  },
  {
    name: 'server side',
    files: { 'd.yaml': deploymentManifest, 'four.yaml': deploymentManifest.replace('replicas: 3', 'replicas: 4') },
    steps: [
      'apply -f d.yaml --server-side',
      'apply -f d.yaml --server-side',
      'apply -f four.yaml --server-side --field-manager=other',
      'apply -f four.yaml --server-side --field-manager=other --force-conflicts',
      'apply -f d.yaml --server-side --dry-run=client',
      'apply -f d.yaml --server-side --dry-run=server --force-conflicts',
      'apply -f d.yaml --server-side',
    ],
  },
  {
    name: 'from client side to server side',
    files: { 'd.yaml': deploymentManifest, 'four.yaml': deploymentManifest.replace('replicas: 3', 'replicas: 4') },
    steps: ['apply -f d.yaml', 'apply -f four.yaml --server-side', "get deployment nginx-deployment --show-managed-fields -o jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation}{\"\\n\"}{end}'"],
  },
  {
    name: 'diff',
    files: { 'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "1"\n', 'cm2.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "2"\n' },
    steps: ['diff -f cm.yaml', 'apply -f cm.yaml', 'diff -f cm.yaml', 'diff -f cm2.yaml'],
  },
]
