import { CliError } from '../../cli-error.ts'
import type { CommandContext } from '../../command.ts'
import { filesGiven } from '../../resources/visit.ts'

/** Complains of flags that do not go together, in upstream's order. */
export function checkDebugFlags(context: CommandContext, names: readonly string[], command: readonly string[]): void {
  const { flags } = context
  const copyTo = flags.text('copy-to')
  const image = flags.text('image')
  const setImages = flags.list('set-image')
  if (copyTo !== '') {
    if (image === '' && setImages.length === 0 && command.length === 0) throw new CliError('you must specify --image, --set-image or command arguments.')
    if (command.length > 0 && flags.text('container') === '' && image === '') throw new CliError('you must specify an existing container or a new image when specifying args.')
  } else {
    if (setImages.length > 0) throw new CliError('--set-image may only be used with --copy-to.')
    if (image === '') throw new CliError('you must specify --image when not using --copy-to.')
    for (const flag of ['replace', 'same-node']) if (flags.bool(flag)) throw new CliError(`--${flag} may only be used with --copy-to.`)
  }
  if (image !== '' && !isImageName(image)) throw new CliError(`invalid image name ${JSON.stringify(image)}: invalid reference format`)
  if (names.length === 0 && !filesGiven(context)) throw new CliError('NAME or filename is required for debug')
  const policy = flags.text('image-pull-policy')
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(policy)) throw new CliError(`invalid image pull policy: ${policy}`)
  for (const text of setImages) {
    const [container, wanted] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]
    if (!isImageName(wanted)) throw new CliError(`invalid image name ${JSON.stringify(wanted)} for container ${JSON.stringify(container)}: invalid reference format`)
  }
  if (copyTo !== '' && flags.text('target') !== '') throw new CliError('--target is incompatible with --copy-to. Use --share-processes instead.')
  if (flags.bool('tty') && !flags.bool('stdin')) throw new CliError('-i/--stdin is required for containers with -t/--tty=true')
}

/** An image reference: registry and path, tag, digest. */
function isImageName(text: string): boolean {
  const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
  const host = '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?'
  return new RegExp(`^(?:${host}/)?${part}(?:/${part})*(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`).test(text)
}
