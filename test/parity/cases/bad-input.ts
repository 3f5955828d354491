import { fed, quietly, type ParityCase } from '../parity-case.ts'

const pod = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n'
const bad: Readonly<Record<string, string>> = {
  'indent.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n   x: b\n',
  'tab.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n',
  'quote.yaml': 'apiVersion: v1\nkind: "Pod\n',
  'cut.json': '{"a": ',
  'comma.json': '{"apiVersion": "v1",, "kind": "Pod"}',
  'no-kind.yaml': 'apiVersion: v1\nmetadata:\n  name: a\n',
  'no-version.yaml': 'kind: Pod\nmetadata:\n  name: a\n',
  'neither.yaml': 'metadata:\n  name: a\n',
  'bad-kind.yaml': 'apiVersion: v1\nkind: Foo\nmetadata:\n  name: a\n',
  'bad-group.yaml': 'apiVersion: nope.example/v1\nkind: Foo\nmetadata:\n  name: a\n',
  'old-version.yaml': 'apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata:\n  name: a\n',
  'unknown.yaml': `${pod}spec:\n  foo: 1\n  containers:\n  - name: x\n    image: nginx:1.14\n    bar: 2\n`,
  'wrong-type.yaml': `${pod}spec:\n  containers: 3\n`,
  'wrong-number.yaml': `${pod}spec:\n  containers:\n  - name: x\n    image: nginx\n    ports:\n    - containerPort: "80"\n`,
  'bad-name.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: A_b\nspec:\n  containers:\n  - name: x\n    image: nginx:1.14\n',
  'no-containers.yaml': `${pod}spec: {}\n`,
  'scalar.yaml': 'hello\n',
  'empty.yaml': '',
  'comment.yaml': '# nothing\n',
  'list.yaml': '- a\n- b\n',
  'other-namespace.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: other\n  name: a\n',
  'multi.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\ndata:\n  x: "1"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: second\ndata:\n  x: 1\n---\napiVersion: v1\nkind: Foo\nmetadata: {name: c}\n',
  'generate.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: a-\n',
  'nameless.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n',
  'twice.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: t\n  name: u\n',
  'selector.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  selector:\n    matchLabels: {a: b}\n  template:\n    metadata:\n      labels: {a: c}\n    spec:\n      containers:\n      - name: x\n        image: nginx\n',
  'bad-label.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: l\n  labels:\n    "a b": c\n',
  'bad-port.yaml': 'apiVersion: v1\nkind: Service\nmetadata:\n  name: s\nspec:\n  ports:\n  - port: 99999\n',
}

export const badInputCases: readonly ParityCase[] = [
  { name: 'created', files: bad, steps: Object.keys(bad).filter((name) => name !== 'generate.yaml').map((name) => `create -f ${name}`) },
  { name: 'applied', files: bad, steps: Object.keys(bad).map((name) => `apply -f ${name}`) },
  { name: 'deleted', files: bad, steps: ['no-kind.yaml', 'bad-kind.yaml', 'scalar.yaml', 'empty.yaml', 'other-namespace.yaml', 'indent.yaml', 'multi.yaml'].map((name) => `delete -f ${name}`) },
  {
    name: 'validation turned off',
    files: bad,
    steps: ['create -f unknown.yaml --validate=false', 'create -f no-kind.yaml --validate=false', 'create -f nameless.yaml --validate=foo', 'create -f wrong-type.yaml --validate=warn', 'create -f scalar.yaml --validate=false', quietly('delete pod a --now --wait=false'), fed('create -f -', 'x'), 'get -f no-kind.yaml'],
  },
]
