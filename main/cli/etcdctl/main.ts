import { processEnvironment, processStreams } from '../process-streams.node.ts'
import { grpcConnection } from './grpc-connection.node.ts'
import { runEtcdctl } from './run.ts'

/** `orrery etcdctl …`, and `etcdctl` in the lab's terminal. */
export function main(argv: readonly string[]): Promise<number> {
  // An endpoint may be an address, which Node's TLS remarks upon.
  process.noDeprecation = true
  const environment = processEnvironment()
  return runEtcdctl(argv, processStreams(), environment, (flags) => grpcConnection(flags, environment.variables))
}
