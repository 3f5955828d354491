import type { Container, Pod, PodSpec } from '../../../../api/generated/types.ts'
import type { CommandContext } from '../../command.ts'
import { CliError } from '../../cli-error.ts'
import { profiledContainer, profiledCopy, profileNamed } from './profiles.ts'

/** The copy of a pod that --copy-to asks for, and the container in it that is there for debugging (empty: none). */
export function copyForDebugging(context: CommandContext, pod: Pod, command: readonly string[], customize: (container: Container) => Container, name: string): { readonly copy: Pod; readonly container: string } {
  const { flags } = context
  const { ephemeralContainers: _, nodeName, ...others } = pod.spec as PodSpec
  const images = new Map(flags.list('set-image').map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
  const containers = others.containers.map((one) => {
    const image = images.get(one.name) ?? images.get('*')
    return image ? { ...one, image } : one
  })
  const spec = {
    ...others,
    ...(flags.bool('same-node') && nodeName ? { nodeName } : {}),
    ...(flags.changed('share-processes') ? { shareProcessNamespace: flags.bool('share-processes') } : {}),
    containers,
  } as PodSpec
  const { labels, annotations } = pod.metadata
  const copy = { apiVersion: 'v1', kind: 'Pod', metadata: { name: flags.text('copy-to'), ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec } as Pod
  const existing = containers.find((one) => one.name === flags.text('container'))
  if (!existing && flags.text('image') === '') {
    if (images.size > 0) return { copy, container: '' }
    throw new CliError('you must specify image when creating new container')
  }
  const profile = profileNamed(flags.text('profile'))
  const made = customize(profiledContainer(changedContainer(context, existing ?? ({ name, terminationMessagePolicy: 'File' } as Container), command), profile, 'copy'))
  const all = existing ? containers.map((one) => (one === existing ? made : one)) : [...containers, made]
  const keep = { labels: flags.bool('keep-labels'), annotations: flags.bool('keep-annotations'), liveness: flags.bool('keep-liveness'), readiness: flags.bool('keep-readiness'), startup: flags.bool('keep-startup'), initContainers: flags.bool('keep-init-containers') }
  return { copy: profiledCopy({ ...copy, spec: { ...spec, containers: all } as PodSpec }, profile, keep), container: made.name }
}

function changedContainer({ flags }: CommandContext, container: Container, command: readonly string[]): Container {
  const env = flags.list('env').map((text) => ({ name: text.slice(0, text.indexOf('=')), value: text.slice(text.indexOf('=') + 1) }))
  const { command: oldCommand, args: oldArguments, ...rest } = container
  const argumentsOnly = flags.bool('arguments-only')
  const words = command.length === 0 ? { ...(oldCommand ? { command: oldCommand } : {}), ...(oldArguments ? { args: oldArguments } : {}) } : argumentsOnly ? { ...(oldCommand ? { command: oldCommand } : {}), args: [...command] } : { command: [...command] }
  return {
    ...rest,
    ...words,
    ...(env.length > 0 ? { env } : {}),
    ...(flags.text('image') ? { image: flags.text('image') } : {}),
    ...(flags.text('image-pull-policy') ? { imagePullPolicy: flags.text('image-pull-policy') } : {}),
    stdin: flags.bool('stdin'),
    tty: flags.bool('tty'),
  } as Container
}
