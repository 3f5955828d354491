/** A child process that counts up in an etcd on real files and says on stdout what was acknowledged, until it is killed.
 *  Run as: node writer.node.ts DIRECTORY */
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { FileBacking } from '../../../kernel/disk.node.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'
import { etcdServer } from '../server.ts'
import { etcdClient } from '../network-client.ts'
import { writeSync } from 'node:fs'

const directory = process.argv[2]!
const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: 0 })
const machine = new Machine(new Network(kernel), 'controlplane', '192.168.64.10', new SimulatedDisk(kernel, 'controlplane', new FileBacking(directory)))
machine.start('etcd', etcdServer({ name: 'controlplane', snapshotLogBytes: 30_000 }))
machine.start('writer', (running) => {
  const etcd = etcdClient(running, [{ address: '127.0.0.1', port: 2379 }])
  const write = async (): Promise<void> => {
    await running.clock.sleep(5)
    const { kvs } = await etcd.range({ key: 'count' })
    let count = kvs[0] ? Number(new TextDecoder().decode(kvs[0].value)) : 0
    writeSync(1, `found ${count}\n`)
    for (;;) {
      count++
      await Promise.all(['count', `k${count % 50}`].map((key) => etcd.put({ key, value: new TextEncoder().encode(String(count)) })))
      writeSync(1, `wrote ${count}\n`)
    }
  }
  void write()
  return {}
})
await kernel.runFor(1e9)
