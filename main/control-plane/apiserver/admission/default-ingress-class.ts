import type { Ingress, IngressClass } from '../../../api/generated/types.ts'
import { isAbout } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'
import { newestDefault } from './default-storage-class.ts'

/** Gives Ingresses that name no class the default one; of several, the newest. Follows upstream's DefaultIngressClass. */
export function defaultIngressClass(classes: () => readonly IngressClass[]): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    handles: (attributes) => isAbout(attributes, 'networking.k8s.io', 'ingresses') && attributes.operation === 'CREATE',
    admit({ object }) {
      const ingress = object as Ingress
      if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return
      const name = newestDefault(classes().filter(({ metadata }) => metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true'))
      if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name }
    },
  }
}
