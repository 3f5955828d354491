import { bare, fed, quietly, type ParityCase } from '../parity-case.ts'

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web, tier: front}
  annotations: {note: "a sentence: with a colon"}
spec:
  nodeName: worker-2
  initContainers:
    - name: first
      image: busybox:1.36
      command: ["sh", "-c", "echo first"]
  containers:
    - name: nginx
      image: nginx:1.14
      ports: [{name: http, containerPort: 80}]
      env:
        - {name: PLAIN, value: text}
        - {name: FROM_MAP, valueFrom: {configMapKeyRef: {name: settings, key: a}}}
        - {name: FROM_FIELD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
      readinessProbe: {tcpSocket: {port: http}}
      volumeMounts: [{name: scratch, mountPath: /scratch}, {name: settings, mountPath: /settings}]
    - name: side
      image: busybox:1.36
      command: ["sh", "-c", "echo one; echo two; echo three >&2; sleep 3600"]
  volumes:
    - {name: scratch, emptyDir: {}}
    - {name: settings, configMap: {name: settings}}
`

/** Looking at what is there: describe, logs, exec. */
export const inspectCases: readonly ParityCase[] = [
  {
    name: 'describe, logs, exec',
    files: { 'pod.yaml': pod },
    steps: [
      quietly('create configmap settings --from-literal=a=b'),
      quietly('apply -f $FILES/pod.yaml'),
      quietly('wait --for=condition=Ready pod/web --timeout=60s'),
      'logs web -c side',
      'logs web -c side --tail=1',
      'logs web -c side --prefix',
      'logs web -c first',
      'logs web -c none',
      'logs web',
      'logs none',
      'logs',
      'logs web -c side --previous',
      'logs -l app=web -c side --tail=2 --prefix',
      'exec web -c side -- echo from the pod',
      "exec web -c side -- sh -c 'echo out; echo err >&2; exit 5'",
      'exec web -c side -- cat /etc/hostname',
      'exec web -c side -- no-such-command',
      'exec none -- true',
      'exec web',
      fed('exec -i web -c side -- cat', 'through the pipe\n'),
      'exec web -- hostname',
      'describe configmap settings',
      'describe pod none',
      'describe pod -l app=none',
      'describe',
      'describe nothing',
    ],
  },
  {
    name: 'describe what the cluster has',
    steps: [
      bare('describe service kubernetes -n default'),
      bare('describe service kube-dns -n kube-system'),
      bare('describe serviceaccount coredns -n kube-system'),
      bare('describe clusterrole system:node-proxier'),
      bare('describe clusterrolebinding system:node-proxier'),
      bare('describe role kube-proxy -n kube-system'),
      bare('describe configmap coredns -n kube-system'),
      bare('describe namespace default'),
      bare('describe priorityclass system-node-critical'),
      'top pods',
      bare('top nodes'),
    ],
  },
]
