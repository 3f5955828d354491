import type { Node, Pod } from '../../../api/generated/types.ts'

/** A node with room for 110 pods; `change` may say anything more about it. */
export function testNode(name: string, amounts: { readonly [resource: string]: string } = { cpu: '4', memory: '8Gi' }, change: (node: Node) => void = () => {}): Node {
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}`, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: { allocatable: { pods: '110', ...amounts }, conditions: [{ type: 'Ready', status: 'True' }] },
  }
  change(node)
  return node
}

/** A pod with one container; `change` may say anything more about it. */
export function testPod(name: string, requests: { readonly [resource: string]: string } = {}, change: (pod: Pod) => void = () => {}): Pod {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `pod-${name}` },
    spec: { containers: [{ name: 'main', image: 'nginx', resources: { requests } }] },
  }
  change(pod)
  return pod
}
