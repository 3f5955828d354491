import { quietly, type ParityCase, type Step } from '../parity-case.ts'

const edited = (run: string, editor: string): Step => ({ run, editor })
const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v, other: w}\n'

/** `edit` with editors that change something, nothing, or too much. */
export const editCases: readonly ParityCase[] = [
  {
    name: 'edit',
    files: { 'a.yaml': map, 'b.yaml': map.replace('name: a', 'name: b') },
    steps: [
      quietly('apply -f $FILES/a.yaml -f $FILES/b.yaml'),
      'edit configmap a',
      edited('edit configmap a', 'sed -i s/other:.w/other:\\ x/'),
      'get configmap a -o jsonpath={.data}',
      edited('edit configmap a -o json', 'sed -i s/other/another/'),
      edited('edit configmap a b', 'sed -i s/k:.v/k:\\ z/'),
      'get configmaps a b -o jsonpath={.items[*].data}',
      edited('edit configmap a -o name', 'sed -i s/k:.z/k:\\ zz/'),
      edited('edit configmap none', 'sed -i s/a/b/'),
      edited('edit configmap a', 'sed -i d'),
      edited('edit configmap a', 'false'),
      edited('edit configmap a', 'sed -i s/kind:.ConfigMap/kind:\\ Secret/'),
      edited('edit configmap a', 'sed -i s/name:.a$/name:\\ other/'),
      edited('edit configmap a --save-config', 'sed -i s/k:.zz/k:\\ s/'),
      'edit',
      'edit configmap',
      'edit nothing x',
      edited('edit -f $FILES/a.yaml', 'sed -i s/k:.s/k:\\ f/'),
      'edit configmap a -o wide',
      edited('edit configmap a --output-patch', 'sed -i s/k:.f/k:\\ p/'),
      edited('create -f $FILES/a.yaml --edit', 'sed -i s/name:.a$/name:\\ made/'),
      'create -f $FILES/a.yaml --edit',
      edited('apply edit-last-applied configmap/b', 'sed -i s/k:.v/k:\\ q/'),
      'apply view-last-applied configmap/b',
    ],
  },
]
