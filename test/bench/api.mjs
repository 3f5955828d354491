/** Throughput and latency of the API over real sockets, HTTP/1.1 and HTTP/2, from one load generator that shares the machine's cores
 *  with the server. The objects are custom ones with a structural schema, of about 600 bytes each; some figures of ConfigMaps stand beside. */
import { connect } from 'node:http2'
import { Agent, request } from 'node:https'

const seconds = Number(process.env.SECONDS ?? 3)
const objectsListed = 5_000
const pageSize = 500
/** Changes that watchers are sent: the first are not counted, while both ends compile what they run. */
const fanOutWrites = 120
const fanOutWarmUp = 20
const churnWrites = Number(process.env.CHURN ?? 100_000)
const fanOutPauseMs = 40
/** Streams on one HTTP/2 connection: fewer than servers allow. */
const streamsPerSession = 200

const percentile = (sorted, fraction) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]
const ms = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
const sleep = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs))

/** Connections that speak HTTP/1.1, one request at a time each. `count` of them at most. */
function http1Client(lab, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: count, ...lab.credentials })
  return {
    name: 'HTTP/1.1',
    call: (method, path, body, type = 'application/json') =>
      new Promise((resolve, reject) => {
        const sent = request(`${lab.server}${path}`, { method, agent, headers: body ? { 'content-type': type, 'content-length': Buffer.byteLength(body) } : {} }, (response) => collect(response, response.statusCode, `${method} ${path}`, resolve, reject))
        sent.on('error', reject)
        sent.end(body)
      }),
    watch: (path, onChunk) =>
      new Promise((resolve, reject) => {
        const sent = request(`${lab.server}${path}`, { agent }, (response) => {
          response.on('data', onChunk)
          response.on('error', () => {})
          resolve(() => sent.destroy())
        })
        sent.on('error', reject)
        sent.end()
      }),
    close: () => agent.destroy(),
  }
}

/** `count` connections that speak HTTP/2; requests take them in turn. */
async function http2Client(lab, count) {
  const sessions = await Promise.all(
    Array.from({ length: count }, async () => {
      const session = connect(lab.server, { ...lab.credentials, settings: { initialWindowSize: 4 * 1024 * 1024 } })
      await new Promise((resolve, reject) => session.once('connect', resolve).once('error', reject))
      session.on('error', () => {})
      return session
    }),
  )
  let turn = 0
  return {
    name: 'HTTP/2',
    call: (method, path, body, type = 'application/json') =>
      new Promise((resolve, reject) => {
        const stream = sessions[turn++ % count].request({ ':method': method, ':path': path, ...(body ? { 'content-type': type } : {}) }, { endStream: !body })
        stream.on('response', (headers) => collect(stream, headers[':status'], `${method} ${path}`, resolve, reject))
        stream.on('error', reject)
        if (body) stream.end(body)
      }),
    watch: (path, onChunk) =>
      new Promise((resolve, reject) => {
        const stream = sessions[turn++ % count].request({ ':path': path })
        stream.on('response', () => resolve(() => stream.close()))
        stream.on('data', onChunk)
        stream.on('error', reject)
        stream.end()
      }),
    close: () => sessions.forEach((session) => session.destroy()),
  }
}

function collect(stream, status, what, resolve, reject) {
  const chunks = []
  stream.on('data', (chunk) => chunks.push(chunk))
  stream.on('end', () => {
    const body = Buffer.concat(chunks)
    if (status < 400) resolve(body)
    else reject(new Error(`${what}: ${status} ${body}`))
  })
}

const group = 'bench.example.com'
const filler = 'x'.repeat(60)

/** What is measured: where its objects lie, and how one is made. */
const customResource = {
  label: 'custom objects',
  base: `/apis/${group}/v1/namespaces/default/probes`,
  make: (name, value = '0') => ({
    apiVersion: `${group}/v1`,
    kind: 'Probe',
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    spec: { value, text: filler, ports: [{ port: 80 }] },
  }),
  patch: (value) => ({ spec: { value } }),
}
const configMaps = {
  label: 'ConfigMaps',
  base: '/api/v1/namespaces/default/configmaps',
  make: (name, value = '0') => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels: { app: 'bench', tier: 'a' } }, data: { value, one: filler.repeat(2), two: filler.repeat(2) } }),
  patch: (value) => ({ data: { value } }),
}

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `probes.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'probes', singular: 'probe', kind: 'Probe', listKind: 'ProbeList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['value'],
                properties: {
                  value: { type: 'string', maxLength: 100 },
                  replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 100, default: 1 },
                  text: { type: 'string' },
                  mode: { type: 'string', enum: ['Fast', 'Careful'], default: 'Fast' },
                  enabled: { type: 'boolean', default: true },
                  ports: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['port'],
                    items: { type: 'object', required: ['port'], properties: { name: { type: 'string', pattern: '^[a-z]+$' }, port: { type: 'integer', minimum: 1, maximum: 65535 }, protocol: { type: 'string', default: 'TCP' } } },
                  },
                  options: { type: 'object', additionalProperties: { type: 'string' } },
                },
              },
              status: { type: 'object', properties: { phase: { type: 'string' }, observedGeneration: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
}

/** What kube-apiserver 1.35 with etcd 3.6 did on two cores shared with its load generator, for custom objects. */
const upstream = {
  'create, 1 client': '304 /s',
  'create, 16 clients': '1238 /s',
  'get, 1 client': '724 /s',
  'get, 16 clients': '2648 /s',
  'merge patch, 16 clients': '838 /s',
  'server-side apply, 16 clients': '759 /s',
  'list 5000': '110 ms',
  'list 5000 from the cache': '110 ms',
  'fan-out to 100 watchers': 'p50 5.3 ms, p99 8.3 ms',
}

/** Keeps `clients` requests in flight for some seconds; answers how many per second, their latencies, and the server's CPU time for each. */
async function load(lab, clients, once) {
  const cpuBefore = lab.cpuSeconds()
  const started = performance.now()
  const until = started + seconds * 1000
  const latencies = []
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = 0; performance.now() < until; turn++) {
        const begun = performance.now()
        await once(client, turn)
        latencies.push(performance.now() - begun)
      }
    }),
  )
  const cpuMicros = ((lab.cpuSeconds() - cpuBefore) * 1e6) / latencies.length
  const perSecond = latencies.length / ((performance.now() - started) / 1000)
  latencies.sort((a, b) => a - b)
  return `${perSecond.toFixed(0)} /s; p50 ${ms(percentile(latencies, 0.5))}, p99 ${ms(percentile(latencies, 0.99))}; ${cpuMicros.toFixed(0)} µs CPU`
}

async function requests(lab, subject, client, clients, prefix, report) {
  const { base, make, patch } = subject
  const plural = clients === 1 ? 'client' : 'clients'
  const say = async (what, once) => {
    const line = `${what}, ${clients} ${plural}`
    report(`${subject.label}: ${line}, ${client.name}`, await load(lab, clients, once), subject === customResource ? upstream[line] : undefined)
  }
  await say('create', (each, turn) => client.call('POST', base, JSON.stringify(make(`${prefix}-${each}-${turn}`))))
  await say('get', (each) => client.call('GET', `${base}/${prefix}-${each}-0`))
  await say('merge patch', (each, turn) => client.call('PATCH', `${base}/${prefix}-${each}-0`, JSON.stringify(patch(String(turn))), 'application/merge-patch+json'))
  await say('server-side apply', (each, turn) => client.call('PATCH', `${base}/${prefix}-apply-${each}?fieldManager=bench`, JSON.stringify(make(`${prefix}-apply-${each}`, String(turn))), 'application/apply-patch+yaml'))
}

async function lists(subject, client, report) {
  const { base } = subject
  const timed = async (what, read) => {
    const times = []
    let bytes = 0
    for (let run = 0; run < 7; run++) {
      const started = performance.now()
      bytes = await read()
      times.push(performance.now() - started)
    }
    const first = times[0]
    times.sort((a, b) => a - b)
    report(`${subject.label}: ${what}, ${client.name}`, `${ms(percentile(times, 0.5))}, the first ${ms(first)}; ${(bytes / 1e6).toFixed(1)} MB`, upstream[what])
  }
  const whole = (query) => async () => (await client.call('GET', `${base}?${query}`)).length
  const paged = async () => {
    let bytes = 0
    let next = ''
    do {
      const body = await client.call('GET', `${base}?labelSelector=app%3Dlisted&limit=${pageSize}${next ? `&continue=${next}` : ''}`)
      bytes += body.length
      next = /"continue":"([^"]+)"/.exec(body.subarray(0, 600).toString())?.[1] ?? /"continue":"([^"]+)"/.exec(body.subarray(-600).toString())?.[1] ?? ''
    } while (next !== '')
    return bytes
  }
  await timed(`list ${pageSize}`, whole(`labelSelector=app%3Dlisted&limit=${pageSize}`))
  await timed(`list ${objectsListed}`, whole('labelSelector=app%3Dlisted'))
  await timed(`list ${objectsListed} from the cache`, whole('labelSelector=app%3Dlisted&resourceVersion=0'))
  await timed(`list ${objectsListed} in pages of ${pageSize}`, paged)
}

/** Writes one object again and again; answers how long each watcher waited for each change. */
async function fanOut(lab, subject, makeClient, watchers, report) {
  const { base, make, patch } = subject
  const readers = await makeClient(watchers)
  const writer = await makeClient(1, true)
  const name = `fan-${watchers}-${readers.name.replace(/\W/g, '').toLowerCase()}`
  await writer.call('POST', base, JSON.stringify(make(name)))
  const sentAt = []
  const latencies = []
  let warm = 0
  const mark = Buffer.from('"value":"turn-')
  const stops = await Promise.all(
    Array.from({ length: watchers }, () => {
      let last = -1
      let rest = Buffer.alloc(0)
      return readers.watch(`${base}?watch=1&fieldSelector=metadata.name%3D${name}`, (piece) => {
        const now = performance.now()
        // An event may come in several pieces.
        const chunk = rest.length > 0 ? Buffer.concat([rest, piece]) : piece
        rest = chunk.subarray(chunk.lastIndexOf(10) + 1)
        if (rest.length === chunk.length) return
        for (let at = chunk.indexOf(mark); at !== -1; at = chunk.indexOf(mark, at + mark.length)) {
          const turn = parseInt(chunk.latin1Slice(at + mark.length, at + mark.length + 8), 10)
          if (turn === last) continue
          last = turn
          if (turn < fanOutWarmUp) warm++
          else latencies.push(now - sentAt[turn])
        }
      })
    }),
  )
  await sleep(300)
  const cpuBefore = lab.cpuSeconds()
  for (let turn = 0; turn < fanOutWrites; turn++) {
    sentAt[turn] = performance.now()
    await writer.call('PATCH', `${base}/${name}`, JSON.stringify(patch(`turn-${turn}`)), 'application/merge-patch+json')
    await sleep(fanOutPauseMs)
  }
  for (let wait = 0; wait < 100 && warm + latencies.length < fanOutWrites * watchers; wait++) await sleep(50)
  const missing = fanOutWrites * watchers - warm - latencies.length
  const cpuMs = ((lab.cpuSeconds() - cpuBefore) * 1000) / fanOutWrites
  latencies.sort((a, b) => a - b)
  const what = `fan-out to ${watchers} watchers`
  report(
    `${subject.label}: ${what}, ${readers.name}`,
    `p50 ${ms(percentile(latencies, 0.5))}, p99 ${ms(percentile(latencies, 0.99))}; ${cpuMs.toFixed(1)} ms CPU a change; ${lab.memoryMiB().toFixed(0)} MiB${missing > 0 ? `; ${missing} events never came` : ''}`,
    upstream[what],
  )
  for (const stop of stops) stop()
  readers.close()
  writer.close()
}

async function fill(subject, makeClient) {
  const filling = await makeClient(16)
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < objectsListed) {
        const object = subject.make(`listed-${next++}`)
        object.metadata.labels.app = 'listed'
        await filling.call('POST', subject.base, JSON.stringify(object))
      }
    }),
  )
  filling.close()
}

/** Writes the same hundred objects again and again: what is left of old revisions shows in the memory. */
async function churn(lab, subject, makeClient, report) {
  const client = await makeClient(16)
  const names = Array.from({ length: 100 }, (_, index) => `churn-${index}`)
  for (const name of names) await client.call('POST', subject.base, JSON.stringify(subject.make(name)))
  const before = lab.memoryMiB()
  const started = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < churnWrites) {
        const turn = next++
        await client.call('PATCH', `${subject.base}/${names[turn % names.length]}`, JSON.stringify(subject.patch(String(turn))), 'application/merge-patch+json')
      }
    }),
  )
  const took = (performance.now() - started) / 1000
  client.close()
  const after = lab.memoryMiB()
  await sleep(5_000)
  report(`${subject.label}: ${churnWrites} writes, ${client.name}`, `${(churnWrites / took).toFixed(0)} /s; memory ${before.toFixed(0)} MiB before, ${after.toFixed(0)} after, ${lab.memoryMiB().toFixed(0)} five seconds later`)
}

/** All figures of the API, of a lab that idles: `{ server, credentials: { ca, cert, key }, memoryMiB(), cpuSeconds(), call() }`.
 *  `only` names some of requests, configmaps, lists, watch, churn; `protocols` some of 1 and 2. */
export async function measureApi(lab, report, { only, protocols = ['1', '2'] } = {}) {
  const wants = (part) => !only || only.includes(part)
  await lab.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
  for (let wait = 0; wait < 100; wait++) {
    const { status } = await lab.call('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/probes.${group}`)
    if (status?.conditions?.some(({ type, status: state }) => type === 'Established' && state === 'True')) break
    await sleep(50)
  }
  const makers = { 1: async (count) => http1Client(lab, count), 2: (count, single) => http2Client(lab, single ? 1 : Math.min(16, count, Math.max(1, Math.ceil(count / streamsPerSession)))) }
  const spread = { 1: makers[1], 2: (count) => http2Client(lab, count) }
  for (const subject of [customResource, configMaps]) {
    if (!wants(subject === customResource ? 'requests' : 'configmaps')) continue
    for (const protocol of protocols) {
      for (const clients of [1, 16]) {
        const client = await spread[protocol](clients)
        await requests(lab, subject, client, clients, `r${protocol}-${clients}`, report)
        client.close()
      }
    }
  }
  if (wants('lists')) {
    await fill(customResource, makers[1])
    for (const protocol of protocols) {
      const client = await makers[protocol](1)
      await lists(customResource, client, report)
      client.close()
    }
  }
  if (wants('watch')) for (const watchers of [100, 1_000]) for (const protocol of protocols) await fanOut(lab, customResource, makers[protocol], watchers, report)
  if (wants('churn')) await churn(lab, customResource, makers[1], report)
}
