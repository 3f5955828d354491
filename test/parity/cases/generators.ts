import { bare, quietly, type ParityCase } from '../parity-case.ts'

const binding = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: local}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n'

/** `create` of the kinds that came later, and `set subject`. */
export const generatorCases: readonly ParityCase[] = [
  {
    name: 'ingress',
    steps: [
      'create ingress',
      'create ingress x',
      'create ingress x --rule=foo',
      'create ingress x --rule=foo.com/bar=svc1:8080,tls=my-cert --dry-run=client -o yaml',
      'create ingress x --class=default --rule=foo.com/path*=svc:8080 --rule=bar.com/admin*=svc2:http --rule=/x=a:1 --annotation a=b --annotation c=d --default-backend=defaultsvc:http --dry-run=client -o yaml',
      'create ingress x --rule=foo.com/*=svc1:8080,tls --rule=foo.com/a=b:c,tls=z --dry-run=client -o json',
      'create ingress x --rule=a.com/*=s:1,tls=k --rule=b.com/a=b:c,tls=k --rule=c.com/a=b:c --dry-run=client -o yaml',
      'create ingress x --default-backend=foo --dry-run=client',
      'create ingress x --default-backend=foo:1',
      'create ingress x --rule=a/b=c:d,foo --dry-run=client',
      'create ing x --rule=a/b=c:1 --annotation=foo --dry-run=client',
    ],
  },
  {
    name: 'disruption budgets and priority classes',
    steps: [
      'create pdb x --selector=a=b --min-available=1 --dry-run=client -o yaml',
      'create pdb x --selector=a=b,c!=d --min-available=1 --dry-run=client -o yaml',
      "create pdb x --selector='a in (b,c),d,!e' --max-unavailable=50% --dry-run=client -o json",
      'create pdb x --selector=a=b --max-unavailable=50% --dry-run=client -o json',
      'create pdb x --min-available=1 --dry-run=client',
      'create pdb x --selector=a=b --dry-run=client',
      'create pdb x --selector=a=b --min-available=1 --max-unavailable=1 --dry-run=client',
      'create pdb x --selector=a=b --min-available=foo --dry-run=client',
      'create pdb --selector=a=b',
      "create pdb x --selector='a b' --min-available=1 --dry-run=client",
      'create poddisruptionbudget x --selector=a=b --min-available=1',
      'create priorityclass x --value=1000 --description=hi --dry-run=client -o yaml',
      'create priorityclass x --value=1000 --global-default=true --preemption-policy=Never --dry-run=client -o json',
      'create pc x --dry-run=client -o yaml',
      'create priorityclass x --preemption-policy=Foo --dry-run=server',
      'create priorityclass x --value=a',
      'create priorityclass',
    ],
  },
  {
    name: 'set subject',
    files: { 'local.yaml': binding },
    steps: [
      quietly('create role reader --verb=get --resource=pods'),
      quietly('create rolebinding r --role=reader --user=one'),
      'set subject',
      'set subject rolebinding none',
      'set subject rolebinding r',
      'set subject rolebinding r --user=two --group=three --serviceaccount=$NS:four',
      'get rolebinding r -o yaml',
      'set subject rolebinding r --user=two',
      'set subject rolebinding r --serviceaccount=foo',
      'set subject rolebinding r --user=five --dry-run=client -o yaml',
      'set subject role reader --user=a',
      'set subject rolebinding r --user=a --local',
      'set subject -f $FILES/local.yaml --user=a --local -o yaml',
      'set image pod x a=b --local',
    ],
  },
  {
    name: 'certificates',
    steps: [
      bare('certificate'),
      bare('certificate approve'),
      bare('certificate approve none'),
      bare('certificate deny none'),
      bare('certificate approve -f none'),
      bare('certificate bogus --foo'),
      bare('certificate approve --foo'),
    ],
  },
]
