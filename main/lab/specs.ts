/** What a shell may know of cluster specs: it asks the lab, never the cluster. */
export { haSpec, parseSpec, singleSpec, SpecError, standardSpec, withCloud, type ClusterSpec as LabSpec } from '../cluster/spec.ts'
