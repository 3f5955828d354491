/** What can go wrong, on purpose. Each is recorded as an input of the run. Unknown names fail with `not-found`; what is already so
 *  is no error. The outcome shows in `observe.machinery`. */
export interface FaultCalls {
  /** Pulls the plug of a machine. */
  'faults.powerOff': { readonly argument: { readonly machine: string }; readonly result: null }
  /** Boots it again. */
  'faults.powerOn': { readonly argument: { readonly machine: string }; readonly result: null }
  /** Cuts the path between two machines, both ways. */
  'faults.partition': { readonly argument: { readonly a: string; readonly b: string }; readonly result: null }
  'faults.heal': { readonly argument: { readonly a: string; readonly b: string }; readonly result: null }
  /** kill -9 of a process; what supervises it starts it again as on a real machine. */
  'faults.kill': { readonly argument: { readonly processId: string }; readonly result: null }
  /** Gives a rented machine back to the cloud for good: it is gone, and its node goes when the cloud controller manager hears of it. */
  'faults.terminateInstance': { readonly argument: { readonly instance: string }; readonly result: null }
  /** How badly the cloud's API behaves from now on: so much later, and so many of its answers (0 … 1) errors. Zeros: well again. */
  'faults.cloudTrouble': { readonly argument: { readonly latencyMs: number; readonly errorRate: number }; readonly result: null }
}
