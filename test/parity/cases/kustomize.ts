import { bare, type ParityCase } from '../parity-case.ts'

const files: Readonly<Record<string, string>> = {
  'base/app.conf': `x=1
`,
  'base/crb.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}]
`,
  'base/deploy.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      containers:
      - name: web
        image: nginx:1.14
        envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: secret}}]
        env: [{name: Q, valueFrom: {configMapKeyRef: {name: settings, key: a}}}]
        ports: [{containerPort: 80}]
      - name: side
        image: busybox
        command: ["sleep", "1"]
      volumes: [{name: v, configMap: {name: settings}}, {name: s, secret: {secretName: secret}}]
`,
  'base/e.env': `K=v
# c
L=w
`,
  'base/kustomization.yaml': `resources: [deploy.yaml, svc.yaml, rbac.yaml, ns.yaml, crb.yaml]
configMapGenerator:
- name: settings
  literals: [a=b, c=d]
  files: [app.conf, other=app.conf]
  envs: [e.env]
secretGenerator:
- name: secret
  literals: [p=w]
  type: Opaque
generatorOptions:
  labels: {gen: "yes"}
`,
  'base/ns.yaml': `apiVersion: v1
kind: Namespace
metadata: {name: team}
`,
  'base/rbac.yaml': `apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: role}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hpa}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing}
spec:
  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
`,
  'base/svc.yaml': `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`,
  'comp/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment, name: web}
  patch: '[{"op":"add","path":"/spec/template/metadata/annotations","value":{"c":"d"}}]'
`,
  'overlay/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../base]
components: [../comp]
namespace: team
namePrefix: dev-
nameSuffix: -v1
commonLabels: {env: dev}
labels:
- pairs: {tier: front}
  includeSelectors: false
- pairs: {part: x}
  includeTemplates: true
commonAnnotations: {note: hello}
images:
- name: nginx
  newName: registry.example/nginx
  newTag: "1.15"
- name: busybox
  digest: sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3
replicas:
- name: web
  count: 3
patches:
- path: patch.yaml
- target: {kind: Service}
  patch: |-
    - op: replace
      path: /spec/ports/0/port
      value: 8080
    - op: add
      path: /metadata/annotations
      value: {p: q}
- patch: |-
    apiVersion: v1
    kind: ServiceAccount
    metadata: {name: runner}
    automountServiceAccountToken: false
configMapGenerator:
- name: settings
  behavior: merge
  literals: [a=z]
- name: plain
  literals: [k=v]
  options: {disableNameSuffixHash: true, annotations: {an: x}, immutable: true}
`,
  'overlay/patch.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: web
        resources: {limits: {cpu: 100m}}
        env: [{name: R, value: s}]
      - name: side
        $patch: delete
`,
}

const small = (kustomization: string): Readonly<Record<string, string>> => ({
  'k/kustomization.yaml': kustomization,
  'k/d.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "w:1"}, {name: side, image: b, args: [y]}]
      tolerations: [{key: y}]
      volumes: [{name: v1, emptyDir: {}}, {name: v3, emptyDir: {}}]
`,
  'outside.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n',
})

/** A build of one small kustomization. */
function build(name: string, kustomization: string): ParityCase {
  return { name, files: small(kustomization), steps: [bare('kustomize $FILES/k')] }
}

/** `kustomize` and -k. */
export const kustomizeCases: readonly ParityCase[] = [
  {
    name: 'base and overlay',
    files,
    steps: [
      bare('kustomize $FILES/base'),
      bare('kustomize $FILES/overlay'),
      bare('kustomize $FILES/none'),
      bare('kustomize $FILES/comp/kustomization.yaml'),
      bare('kustomize a b'),
      bare('kustomize'),
      bare('apply -k $FILES/none'),
      bare('apply -k $FILES/base --dry-run=client -o name'),
      'apply -k $FILES/base -f x',
    ],
  },
  {
    name: 'apply, get and delete -k',
    files: { 'k/kustomization.yaml': 'namespace: $NS\nconfigMapGenerator: [{name: a, literals: [x=y]}]\nresources: [s.yaml]\n', 'k/s.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n' },
    steps: ['apply -k $FILES/k', 'get -k $FILES/k -o name', 'diff -k $FILES/k', 'delete -k $FILES/k'],
  },
  build('list order of patches', `resources: [d.yaml]
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec: {template: {spec: {containers: [{name: new, image: a}, {name: side, image: c, args: [z]}, {name: new2, image: b}], tolerations: [{key: x}], volumes: [{name: v2, emptyDir: {}}, {$patch: delete, name: v1}]}}}
`),
  build('patch with target', `resources: [d.yaml]
patches:
- target: {kind: Deploy.*, labelSelector: app=web}
  patch: '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "any"}, "spec": {"replicas": 7, "template": {"spec": {"tolerations": null}}}}'
- target: {kind: Nothing}
  patch: '[{"op": "remove", "path": "/x"}]'
`),
  build('patch without a name', `resources: [d.yaml]
patches:
- target: {kind: Deploy.*, labelSelector: app=web}
  patch: '{"spec": {"replicas": 7}}'
`),
  build('deletion by patch', 'resources: [d.yaml]\nconfigMapGenerator: [{name: a, literals: [x=y]}]\npatches: [{patch: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, $patch: delete}"}]\n'),
  build('older fields', 'bases: []\nresources: [d.yaml]\ncommonLabels: {a: b}\npatchesStrategicMerge:\n- |-\n  {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2}}\npatchesJson6902:\n- target: {group: apps, version: v1, kind: Deployment, name: web}\n  patch: \'[{"op": "add", "path": "/spec/paused", "value": true}]\'\n'),
  build('images', 'resources: [d.yaml]\nimages: [{name: w, newTag: "2"}, {name: b, newName: reg:5000/c, digest: "sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"}]\n'),
  build('first in, first out', 'resources: [d.yaml]\nconfigMapGenerator: [{name: a, literals: [x=y]}]\nsortOptions: {order: fifo}\n'),
  build('missing resource', 'resources: [nope.yaml]\n'),
  build('unknown field', 'foo: [nope.yaml]\n'),
  build('missing patch', 'resources: [d.yaml]\npatches: [{path: nope.yaml}]\n'),
  build('replicas of nothing', 'resources: [d.yaml]\nreplicas: [{name: none, count: 2}]\n'),
  build('patch of nothing', 'resources: [d.yaml]\npatches: [{patch: "apiVersion: v1\\nkind: Pod\\nmetadata: {name: x}\\n"}]\n'),
  build('empty', ''),
  build('twice', 'resources: [d.yaml, d.yaml]\n'),
  build('outside', 'resources: [../outside.yaml]\n'),
  build('missing file of a generator', 'configMapGenerator: [{name: a, files: [x]}]\n'),
  build('generator without a name', 'configMapGenerator: [{literals: [x=y]}]\n'),
  build('nothing in it', 'kind: Foo\n'),
]
