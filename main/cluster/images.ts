import bases from '../../resources/images/bases.json' with { type: 'json' }
import databases from '../../resources/images/databases.json' with { type: 'json' }
import samples from '../../resources/images/samples.json' with { type: 'json' }
import system from '../../resources/images/system.json' with { type: 'json' }
import tools from '../../resources/images/tools.json' with { type: 'json' }
import web from '../../resources/images/web.json' with { type: 'json' }
import type { BaseDeclaration, CatalogueData, RepositoryDeclaration } from '../node/runtime/images/catalogue.ts'

/** Images whose program is a component of the cluster: repository → name in the program table. */
const components: Readonly<Record<string, string>> = {
  'registry.k8s.io/etcd': 'etcd',
  'registry.k8s.io/kube-apiserver': 'kube-apiserver',
  'registry.k8s.io/kube-controller-manager': 'kube-controller-manager',
  'registry.k8s.io/kube-scheduler': 'kube-scheduler',
  'registry.k8s.io/kube-proxy': 'kube-proxy',
  'registry.k8s.io/coredns/coredns': 'coredns',
}

const repositories = [system, web, databases, tools, samples].flatMap((file) => file.repositories as readonly unknown[] as readonly RepositoryDeclaration[])

/** The images that the simulated registries have. */
export const imageCatalogue: CatalogueData = {
  bases: bases as Readonly<Record<string, BaseDeclaration>>,
  repositories: repositories.map((repository) => {
    const program = components[repository.name]
    if (!program) return repository
    return { ...repository, programs: Object.fromEntries(Object.keys(repository.programs ?? {}).map((path) => [path, program])) }
  }),
}
