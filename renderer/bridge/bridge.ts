import type { Bridge } from '../../preload/contract/bridge.ts'
import type { ArgumentOf, CallName, Calls, ResultOf } from '../../preload/contract/services.ts'

let current: Bridge | undefined

/** Sets the window's bridge; once, at start (and anew in each test). */
export function useBridge(bridge: Bridge): void {
  current = bridge
}

/** The window's bridge to its lab. */
export function bridge(): Bridge {
  if (!current) throw new Error('the window has no bridge yet')
  return current
}

/** Asks the lab for one thing. Rejects with a BridgeError. */
export function call<N extends CallName>(name: N, argument: ArgumentOf<Calls[N]>): Promise<ResultOf<Calls[N]>> {
  return bridge().call(name, argument)
}
