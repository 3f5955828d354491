import type { CatalogueData } from '../node/runtime/images/catalogue.ts'
import { bundledImages } from '../node/runtime/images/bundled-catalogue.ts'

/** Images whose program is a component of the cluster: repository → name in the program table. */
const components: Readonly<Record<string, string>> = {
  'registry.k8s.io/etcd': 'etcd',
  'registry.k8s.io/kube-apiserver': 'kube-apiserver',
  'registry.k8s.io/kube-controller-manager': 'kube-controller-manager',
  'registry.k8s.io/kube-scheduler': 'kube-scheduler',
  'registry.k8s.io/cloud-controller-manager': 'cloud-controller-manager',
  'registry.k8s.io/autoscaling/cluster-autoscaler': 'cluster-autoscaler',
  'registry.k8s.io/kube-proxy': 'kube-proxy',
  'registry.k8s.io/coredns/coredns': 'coredns',
  'registry.k8s.io/metrics-server/metrics-server': 'metrics-server',
  'docker.io/kindest/local-path-provisioner': 'local-path-provisioner',
}

/** The images that the simulated registries have. */
export const imageCatalogue: CatalogueData = {
  bases: bundledImages.bases,
  repositories: bundledImages.repositories.map((repository) => {
    const program = components[repository.name]
    if (!program) return repository
    return { ...repository, programs: Object.fromEntries(Object.keys(repository.programs ?? {}).map((path) => [path, program])) }
  }),
}
