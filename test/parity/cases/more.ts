import { bare, quietly, type ParityCase } from '../parity-case.ts'

const map = (name: string, data = ''): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, labels: {part: "yes"}}\ndata: {${data}}\n`
const role = (verb: string, user: string, of = 'reader'): string => `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: $NS}
rules: [{apiGroups: [""], resources: [pods], verbs: [${verb}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reading, namespace: $NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${of}}
subjects: [{kind: User, name: ${user}, apiGroup: rbac.authorization.k8s.io}]
`
const secret = (value: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: ${value}, b: same}\n`

/** Commands and flags that came later: prune, reconcile, dump, raw, secrets in diff. */
export const moreCases: readonly ParityCase[] = [
  {
    name: 'prune',
    files: { 'a.yaml': map('pa'), 'b.yaml': map('pb'), 'plain.yaml': map('plain') },
    steps: [
      quietly('apply -f $FILES/a.yaml -f $FILES/b.yaml'),
      quietly('create -f $FILES/plain.yaml'),
      'apply --prune -f $FILES/a.yaml',
      'apply --prune -f $FILES/a.yaml -l part=yes --dry-run=client',
      'apply --prune -f $FILES/a.yaml -l part=yes --dry-run=server',
      'apply --prune -f $FILES/a.yaml -l part=yes --prune-allowlist=core/v1/Secret',
      'apply --prune -f $FILES/a.yaml -l part=yes --prune-allowlist=core/v1',
      'apply --prune -f $FILES/a.yaml -l part=yes --prune-allowlist=core/v1/Nothing',
      'diff --prune -f $FILES/a.yaml -l part=yes --prune-allowlist=core/v1/ConfigMap',
      'apply --prune --all -f $FILES/a.yaml -l part=yes',
      'apply --prune --server-side -f $FILES/a.yaml -l part=yes',
      'apply --prune -f $FILES/a.yaml -l part=yes',
      'apply --prune -f $FILES/a.yaml -f $FILES/b.yaml --all --prune-allowlist=core/v1/ConfigMap',
      'apply --prune -f $FILES/b.yaml --all --prune-allowlist=core/v1/ConfigMap -o name',
      'get configmaps -o name -l part=yes',
      'apply -f $FILES/a.yaml -l part=no',
    ],
  },
  {
    name: 'reconcile',
    files: { 'a.yaml': role('get', 'one'), 'b.yaml': role('list, get', 'two'), 'c.yaml': role('get', 'one', 'other'), 'map.yaml': map('m') },
    steps: [
      'auth reconcile',
      'auth reconcile -f none',
      'auth reconcile -f $FILES/a.yaml --dry-run=client',
      quietly('apply -f $FILES/a.yaml'),
      'auth reconcile -f $FILES/a.yaml --dry-run=client',
      'auth reconcile -f $FILES/b.yaml --dry-run=client',
      'auth reconcile -f $FILES/b.yaml --dry-run=client -o name',
      'auth reconcile -f $FILES/b.yaml --dry-run=client --remove-extra-subjects --remove-extra-permissions',
      'auth reconcile -f $FILES/c.yaml --dry-run=client',
      'auth reconcile -f $FILES/b.yaml',
      'auth reconcile -f $FILES/a.yaml --dry-run=client',
      'auth reconcile -f $FILES/a.yaml --remove-extra-subjects --remove-extra-permissions',
      'get role reader -o jsonpath={.rules}',
      'get rolebinding reading -o jsonpath={.subjects}',
      'auth reconcile -f $FILES/map.yaml',
      'auth reconcile -f $FILES/a.yaml --dry-run=bad',
    ],
  },
  {
    name: 'raw, alpha and plugins',
    files: { 'a.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"raw"},"data":{"a":"b"}}', 'b.yaml': map('raw') },
    steps: [
      bare('create --raw /api/v1/namespaces/$NS/configmaps -f a.json'),
      bare('replace --raw /api/v1/namespaces/$NS/configmaps/raw -f a.json'),
      bare('replace --raw /nope -f a.json'),
      bare('delete --raw /api/v1/namespaces/$NS/configmaps/none'),
      bare('alpha'),
      bare('alpha x'),
      bare('plugin list'),
      bare('plugin list --name-only'),
      'apply -f http://127.0.0.1:47331/x.yaml',
    ],
  },
  {
    name: 'secrets in diff',
    files: { 'a.yaml': secret('one'), 'b.yaml': secret('two') },
    steps: ['diff -f $FILES/a.yaml', quietly('apply -f $FILES/a.yaml'), 'diff -f $FILES/a.yaml', 'diff -f $FILES/b.yaml', 'diff -f $FILES/b.yaml --show-secrets'],
  },
  {
    name: 'wait',
    files: { 'a.yaml': map('w', 'a: b') },
    steps: [
      'wait --for=create configmap/w --timeout=1s',
      quietly('apply -f $FILES/a.yaml'),
      'wait --for=create configmap/w --timeout=1s',
      'wait --for=jsonpath={.data.a}=b configmap/w --timeout=1s',
      'wait --for=jsonpath={.data.a} configmap/w --timeout=1s',
      'wait --for=jsonpath={.data.a}=c configmap/w --timeout=1s',
      'wait --for=jsonpath={.data.x} configmap/w --timeout=1s',
      'wait --for=jsonpath={.data configmap/w --timeout=1s',
      'wait --for=condition=Ready configmap/w --timeout=1s',
      'wait --for=foo configmap/w',
      'wait --for=delete configmap/none --timeout=1s',
      'wait --for=delete configmap/w --timeout=1s',
      'wait configmap/w',
      'wait --for=create configmap --all',
      'wait --for=condition=Ready pod --all --timeout=1s',
      'wait --for=condition=Ready pod -l a=b --timeout=1s',
      'wait',
      'wait --for=condition=Ready',
      'wait --for=create configmap/w --timeout=-1s -o name',
    ],
  },
  {
    name: 'get variants',
    files: { 'a.yaml': map('w', 'a: b') },
    steps: [
      quietly('apply -f $FILES/a.yaml'),
      quietly('create deployment web --image=nginx:1.14 --replicas=2'),
      quietly('rollout status deployment/web'),
      'get configmap w --show-kind',
      'get configmaps,deployments --show-labels --no-headers -l part=yes',
      'get deployment web --subresource=scale',
      'get deployment web --subresource=scale -o yaml',
      'get deployment web --subresource=status -o name',
      'get deployment web --subresource=none',
      'get configmap w -L part,none',
      'get configmaps --sort-by={.metadata.name} -o name',
      'get configmaps --sort-by=.metadata.nope',
      'get configmaps --sort-by={.metadata',
      'get configmaps --chunk-size=1 -o name',
      'get configmap w --server-print=false',
      'get pods -l app=web --server-print=false --no-headers -o custom-columns=I:.spec.containers[0].image',
      'get all -l app=web -o custom-columns=K:.kind --no-headers',
      'get deploy/web configmap/w -o name',
      'get deploy/web -A',
      'get configmaps w x --ignore-not-found -o name',
      'get deployments.v1.apps web -o name',
      'get deployments.apps/web -o name',
      'get deployment.v1.apps/web -o name',
      'get Deployment web -o name',
      'get deploy web configmap',
      'get deploy/web x',
      'get a/b/c',
      'get /x',
      'get pods,',
      bare('get --raw /version --output=json x'),
    ],
  },
]
