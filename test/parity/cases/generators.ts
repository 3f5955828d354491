import { bare, quietly, type ParityCase } from '../parity-case.ts'

const binding = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: local}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n'

/** A certificate signing request; the names differ between the tools, for requests belong to no namespace. */
const signing = (name: string): string => `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: ${name}-$NS}
spec:
  request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIYk1JR0RBZ0VBTUNFeERqQU1CZ05WQkFNTUJYVnpaWEl4TVE4d0RRWURWUVFLREFabmNtOTFjREV3V1RBVApCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DQUFUZ2hINWx3MVZKODF4OVAzbHpqMzJoY3VyeVJmQzNudUZsCk5LSHRrRjllVm92VUZzeHFQQ2d1M1RhMDVEa2tlQ1UwWXkvRFhpQlZuZ2tNZmthUnBvUnRvQUF3Q2dZSUtvWkkKemowRUF3SURSd0F3UkFJZ0ZobjNrcGlMV0I1NmJBQ3MraHVtZWp2dkFScSswVVBqZUJOT1lzY1kzckVDSUhwTwpHUElHKzRhK252MmJkYWtzTHZHd0dlZHhDUkFkdHJNWk5mSnYzUTZTCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
`

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
    files: { 'a.yaml': signing('a'), 'b.yaml': signing('b') },
    steps: [
      bare('apply -f $FILES/a.yaml -f $FILES/b.yaml'),
      bare('get csr a-$NS -o jsonpath={.spec.username}'),
      bare('certificate approve a-$NS'),
      bare('certificate approve a-$NS'),
      bare('certificate approve a-$NS --force -o name'),
      bare('certificate deny a-$NS'),
      bare('certificate deny -f $FILES/b.yaml'),
      bare('get csr b-$NS -o jsonpath={.status.conditions[*].reason}{.status.conditions[*].message}'),
      bare('get csr a-$NS b-$NS'),
      bare('certificate approve a-$NS none'),
      bare('delete csr a-$NS b-$NS'),
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
