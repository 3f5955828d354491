import { bare, quietly, type ParityCase } from '../parity-case.ts'
import { podManifest } from './manifests.ts'

const settings = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web, "1.5": "yes", "on": "x"}
data:
  "null": plain
  lines: "one\\n  two\\n\\nthree\\n"
  open: "a\\nb"
  tab: "a\\tb \\"quoted\\" \\\\ back"
  "0x1f": hex
  no: "no"
  a.b-c_d: dotted
  "2020-01-02": day
  sign: "é ☃ \\u0007 <&>"
`

const service = `apiVersion: v1
kind: Service
metadata: {name: web, annotations: {big: "x"}}
spec:
  ports: [{name: http, port: 80}, {name: other, port: 8080, targetPort: name}]
  selector: {a: b}
`

/** Templates of `get settings`. */
const templates = [
  '{{.metadata.name}}',
  '{{.kind}} {{.nothing}} {{.data.nothing.more}}',
  '{{range $k, $v := .data}}{{$k}}={{len $v}}{{"\\n"}}{{end}}',
  '{{range .data}}{{.}}|{{else}}none{{end}}',
  '{{range .nothing}}x{{else}}none{{end}}',
  '{{if eq .kind "ConfigMap"}}yes{{else if .x}}maybe{{else}}no{{end}}',
  '{{with .metadata}}{{.name}} {{$.kind}}{{end}}',
  '{{with $x := .metadata.labels}}{{index $x "app"}}{{else}}-{{end}}',
  '{{printf "%-10s|%5d|%05d|%q|%v|%t|%x|%6.2f|%T" .kind 7 42 .metadata.name .metadata.labels true 255 3.14159 .data}}',
  '{{printf "%d" .kind}} {{printf "%s"}} {{printf "x" 1}} {{printf "%s" nil}}',
  '{{"YWJj" | base64decode}} {{base64decode "!"}}',
  '{{len .data}} {{len .kind}} {{slice .kind 1 3}} {{not .x}} {{and .kind .metadata.name}} {{or .x "d"}}',
  '{{eq 1 1}} {{lt 1 2}} {{ne "a" "b"}} {{ge 2.5 2.5}} {{eq .kind "a" "ConfigMap"}}',
  '{{eq 1 "a"}}',
  '{{lt true false}}',
  '{{eq .data .data}}',
  '{{define "t"}}<{{.}}>{{end}}{{template "t" .kind}}{{template "t"}}',
  '{{template "none"}}',
  '{{block "b" .kind}}[{{.}}]{{end}}',
  '{{- /* a comment */ -}}   {{- .kind -}}   x',
  '{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}',
  '{{range $i, $v := .data}}{{if eq $i "no"}}{{continue}}{{end}}{{if eq $i "open"}}{{break}}{{end}}{{$i}} {{end}}',
  '{{exists . "data" "no"}} {{exists .data "zip"}} {{exists . "kind" "x"}}',
  '{{html "<a>&\\"" }} {{js "<a>" }} {{urlquery "a b&c/d" }} {{print 1 2 "x" 3}} {{println "y"}}',
  '{{1000000}} {{1000000.0}} {{123456.5}} {{0.00001}} {{1e3}} {{0x10}} {{1_000}}',
  '{{.kind | printf "%s-%s" "a"}}',
  '{{(index .data "no")}} {{(.metadata).name}}',
  '{{.metadata.name.more}}',
  '{{.kind.foo.bar}}',
  '{{index .data "none" "more"}}',
  '{{index .metadata 1}}',
  '{{len 3}}',
  '{{nil}}',
  '{{.kind 3}}',
  '{{3 | .kind}}',
  '{{foo}}',
  '{{.kind',
  '{{if}}x{{end}}',
  '{{if .x}}',
  '{{end}}',
  '{{else}}',
  '{{if .x}}{{else}}{{else}}{{end}}',
  '{{range .data}}{{.x}}{{end}}',
  '{{break}}',
  '{{$y}}',
  '{{"open}}',
  '{{`raw`}} {{"\\t\\u00e9"}}',
  '{{.a | }}',
  '{{.data}}{{@}}',
  '{{.kind.}}',
  '{{base64decode .data}}',
  '{{base64decode .zip}}',
  '{{base64decode 3}}',
  '{{len}}',
  '{{len 1 2}}',
  '{{not}}',
  '{{template "x" .}}{{define}}{{end}}',
  '{{/* open',
  '{{(1}}',
  '{{1)}}',
  '{{1a}}',
  'text only',
  '{{range 3}}{{.}}{{end}}',
  '{{range .kind}}{{end}}',
  '{{range $i, $j, $k := .data}}{{end}}',
  '{{"x" "y"}}',
  '{{true.x}}',
  '{{.x := 1}}',
]

/** `-o` and `--template` of every kind. */
export const outputCases: readonly ParityCase[] = [
  {
    name: 'templates',
    files: { 'settings.yaml': settings },
    steps: [quietly('apply -f $FILES/settings.yaml'), ...templates.map((template) => `get configmap settings -o go-template='${template}'`)],
  },
  {
    name: 'template flags and files',
    files: {
      'settings.yaml': settings,
      't.tpl': '{{.kind}}\n{{range $k, $v := .data}}{{$k}} {{end}}\n',
      'p.txt': '{.metadata.name}{"\\n"}',
      'c.txt': 'NAME   APP\nmetadata.name   .metadata.labels.app\n',
      'one.txt': 'NAME',
      'two.txt': 'NAME OTHER\nmetadata.name\n',
    },
    steps: [
      quietly('apply -f $FILES/settings.yaml'),
      'get configmap settings -o go-template-file=$FILES/t.tpl',
      'get configmap settings -o templatefile=$FILES/t.tpl',
      'get configmap settings -o go-template-file --template=$FILES/t.tpl',
      'get configmap settings -o template={{.kind}}',
      'get configmap settings --template={{.kind}}',
      'get configmap settings --template={{.kind}} -o json',
      'get configmap settings -o go-template-file=$FILES/none',
      'get configmap settings -o jsonpath-file=$FILES/p.txt',
      'get configmap settings -o jsonpath-file=$FILES/none',
      'get configmap settings -o jsonpath-as-json={.metadata.labels}',
      'get configmap settings -o jsonpath --template={.metadata.name}',
      'get configmap settings -o custom-columns-file=$FILES/c.txt',
      'get configmap settings -o custom-columns-file=$FILES/c.txt --no-headers',
      'get configmap settings -o custom-columns-file=$FILES/one.txt',
      'get configmap settings -o custom-columns-file=$FILES/two.txt',
      'get configmap settings -o custom-columns-file=$FILES/none',
      'get configmap settings -o custom-columns-file',
      'get configmap settings -o custom-columns',
      'get configmap settings -o custom-columns=',
      'get configmap settings -o custom-columns=A',
      'get configmap settings -o go-template',
      'get configmap settings -o go-template=',
      'get configmap settings -o go-template-file',
      'get configmap settings -o jsonpath',
      'get configmap settings -o GO-TEMPLATE={{.kind}}',
      'get configmap settings -o JSON',
      'get configmap settings -o name=foo',
      'get configmap settings -o yaml=foo',
      'get configmap settings -o wide=foo',
      'get configmap settings -o templatefile=$FILES',
      'get configmap settings -o jsonpath={.metadata.none}',
      'get configmap settings -o jsonpath={.metadata.none} --allow-missing-template-keys=false',
      'get configmap settings -o go-template={{.metadata.none}} --allow-missing-template-keys=false',
      'get configmap settings -o go-template={{.metadata.none.x}} --allow-missing-template-keys=false',
      'create configmap x --dry-run=client -o go-template={{.metadata.name}}',
      'create configmap x --dry-run=client --template={{.metadata.name}}',
      'create configmap x --dry-run=client -o wide',
      'create configmap x --dry-run=client -o custom-columns=A:.b',
      'create configmap x --from-literal=a=b --dry-run=client -o kyaml',
      'create configmap x --from-literal=a=b --dry-run=client -o jsonpath={.data}',
      'label configmap settings a=b -o go-template={{.metadata.labels.a}}',
      'annotate configmap settings a=b -o bad',
      'patch configmap settings -p {} -o kyaml',
      'delete configmap settings -o kyaml',
      bare('auth whoami -o foo'),
      bare('auth whoami -o kyaml'),
      bare('auth whoami -o go-template={{.status.userInfo.username}}'),
      bare('config view -o wide'),
      bare('config view -o kyaml'),
      bare('config view -o go-template={{.kind}}'),
      bare('version -o foo'),
      bare('version -o kyaml'),
      'events -o foo',
      'events -o kyaml',
      bare('api-resources -o foo'),
      bare('api-resources -o json'),
      bare('api-resources -o kyaml'),
      bare('api-resources -o yaml'),
      bare('explain pods -o foo'),
      bare('config get-contexts -o foo'),
      bare('config get-contexts -o json'),
    ],
  },
  {
    name: 'kyaml',
    files: { 'settings.yaml': settings, 'service.yaml': service, 'pod.yaml': podManifest },
    steps: [
      quietly('apply -f $FILES/settings.yaml -f $FILES/service.yaml'),
      'get configmap settings -o kyaml',
      'get configmap settings -o kyaml --show-managed-fields',
      'get service web -o kyaml',
      'get service -o kyaml',
      'get service,configmap -o kyaml',
      'get service none -o kyaml',
      'apply -f $FILES/pod.yaml --dry-run=client -o kyaml',
      'apply -f $FILES/pod.yaml -f $FILES/service.yaml --dry-run=client -o kyaml',
      'create -f $FILES/pod.yaml --dry-run=client -o kyaml',
    ],
  },
]
