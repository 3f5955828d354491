/** Throughput and latency of the API over real sockets, HTTP/1.1 and HTTP/2, from one load generator that shares the machine's cores
 *  with the server. Until custom resources are measured too, the objects are ConfigMaps of about 600 bytes. */
import { connect } from 'node:http2'
import { Agent, request } from 'node:https'

const seconds = 3
const objectsListed = 5_000
const pageSize = 500
const fanOutWrites = 60
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

const base = '/api/v1/namespaces/default/configmaps'
const filler = 'x'.repeat(120)
const configMap = (name, value = '0') => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels: { app: 'bench', tier: 'a' } }, data: { value, one: filler, two: filler } })

/** Keeps `clients` requests in flight for some seconds; answers how many per second, and their latencies. */
async function load(clients, once) {
  const until = performance.now() + seconds * 1000
  const latencies = []
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = 0; performance.now() < until; turn++) {
        const started = performance.now()
        await once(client, turn)
        latencies.push(performance.now() - started)
      }
    }),
  )
  latencies.sort((a, b) => a - b)
  return `${(latencies.length / seconds).toFixed(0)} /s; p50 ${ms(percentile(latencies, 0.5))}, p99 ${ms(percentile(latencies, 0.99))}`
}

async function requests(client, clients, prefix, report) {
  const say = (what, figure) => report(`${what}, ${clients} client(s) over ${client.name}`, figure)
  say('create', await load(clients, (each, turn) => client.call('POST', base, JSON.stringify(configMap(`${prefix}-${each}-${turn}`)))))
  say('get', await load(clients, (each) => client.call('GET', `${base}/${prefix}-${each}-0`)))
  say('merge patch', await load(clients, (each, turn) => client.call('PATCH', `${base}/${prefix}-${each}-0`, JSON.stringify({ data: { value: String(turn) } }), 'application/merge-patch+json')))
  const applied = (each, turn) => client.call('PATCH', `${base}/${prefix}-apply-${each}?fieldManager=bench`, JSON.stringify(configMap(`${prefix}-apply-${each}`, String(turn))), 'application/apply-patch+yaml')
  say('server-side apply', await load(clients, applied))
}

async function lists(client, report) {
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
    report(`list ${what} over ${client.name}`, `${ms(percentile(times, 0.5))}, the first ${ms(first)}; ${(bytes / 1e6).toFixed(1)} MB`)
  }
  const whole = (query) => async () => (await client.call('GET', `${base}?${query}`)).length
  const paged = async () => {
    let bytes = 0
    let next = ''
    do {
      const body = await client.call('GET', `${base}?labelSelector=app%3Dlisted&limit=${pageSize}${next ? `&continue=${next}` : ''}`)
      bytes += body.length
      next = JSON.parse(body.subarray(0, 400).toString().replace(/,"items".*/s, '}')).metadata.continue ?? ''
    } while (next !== '')
    return bytes
  }
  await timed(`${pageSize} objects`, whole(`labelSelector=app%3Dlisted&limit=${pageSize}`))
  await timed(`${objectsListed} objects`, whole('labelSelector=app%3Dlisted'))
  await timed(`${objectsListed} objects from the cache`, whole('labelSelector=app%3Dlisted&resourceVersion=0'))
  await timed(`${objectsListed} objects in pages of ${pageSize}`, paged)
}

/** Writes one object again and again; answers how long each watcher waited for each change. */
async function fanOut(lab, makeClient, watchers, report) {
  const readers = await makeClient(watchers)
  const writer = await makeClient(1, true)
  const name = `fan-${watchers}-${readers.name.replace(/\W/g, '').toLowerCase()}`
  await writer.call('POST', base, JSON.stringify(configMap(name)))
  const sentAt = []
  const latencies = []
  const stops = await Promise.all(
    Array.from({ length: watchers }, () => {
      let rest = ''
      return readers.watch(`${base}?watch=1&fieldSelector=metadata.name%3D${name}`, (chunk) => {
        const now = performance.now()
        const frames = (rest + chunk.toString('latin1')).split('\n')
        rest = frames.pop()
        for (const frame of frames) {
          const turn = /"value":"turn-(\d+)"/.exec(frame)
          if (turn) latencies.push(now - sentAt[Number(turn[1])])
        }
      })
    }),
  )
  await sleep(300)
  for (let turn = 0; turn < fanOutWrites; turn++) {
    sentAt[turn] = performance.now()
    await writer.call('PATCH', `${base}/${name}`, JSON.stringify({ data: { value: `turn-${turn}` } }), 'application/merge-patch+json')
    await sleep(fanOutPauseMs)
  }
  for (let wait = 0; wait < 100 && latencies.length < fanOutWrites * watchers; wait++) await sleep(50)
  const missing = fanOutWrites * watchers - latencies.length
  latencies.sort((a, b) => a - b)
  report(`watch fan-out to ${watchers} watchers over ${readers.name}`, `p50 ${ms(percentile(latencies, 0.5))}, p99 ${ms(percentile(latencies, 0.99))}${missing > 0 ? `; ${missing} events never came` : ''}; ${lab.memoryMiB().toFixed(0)} MiB`)
  for (const stop of stops) stop()
  readers.close()
  writer.close()
}

/** All figures of the API, of a lab that idles: `{ server, credentials: { ca, cert, key }, memoryMiB() }`. */
export async function measureApi(lab, report) {
  const makers = [async (count) => http1Client(lab, count), (count, single) => http2Client(lab, single ? 1 : Math.min(16, count, Math.max(1, Math.ceil(count / streamsPerSession))))]
  const spread = [makers[0], (count) => http2Client(lab, count)]
  for (const [protocol, make] of spread.entries()) {
    for (const clients of [1, 16]) {
      const client = await make(clients)
      await requests(client, clients, `r${protocol}-${clients}`, report)
      client.close()
    }
  }
  const filling = await spread[0](16)
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < objectsListed) {
        const object = configMap(`listed-${next++}`)
        object.metadata.labels.app = 'listed'
        await filling.call('POST', base, JSON.stringify(object))
      }
    }),
  )
  filling.close()
  for (const make of spread) {
    const client = await make(1)
    await lists(client, report)
    client.close()
  }
  for (const watchers of [100, 1_000]) for (const make of makers) await fanOut(lab, make, watchers, report)
}
