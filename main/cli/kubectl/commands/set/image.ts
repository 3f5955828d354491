import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { changePodSpecs, setFlags, splitWords, type Container } from './pod-template.ts'

export const setImageCommand: Command = {
  name: 'image',
  use: 'set image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
  short: 'Update the image of a pod template',
  flags: setFlags,
  async run(context) {
    const { resources, changes } = splitWords(context.args, (word) => word.includes('='))
    if (changes.length === 0) throw new CliError('at least one image update is required')
    const images = new Map(changes.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
    if (images.size > 1 && images.has('*')) throw new CliError('all containers are already specified by *, but saw more than one container_name=container_image pairs')
    await changePodSpecs(context, resources, 'image updated', (podSpec) => {
      const { containers = [], initContainers } = podSpec
      const missing = [...images.keys()].filter((name) => name !== '*' && ![...containers, ...(initContainers ?? [])].some((container) => container.name === name))
      if (missing.length > 0) throw new CliError(`unable to find container named ${JSON.stringify(missing[0])}`)
      const update = (list: readonly Container[]): Container[] => list.map((container) => {
        const image = images.get(container.name) ?? images.get('*')
        return image === undefined ? container : { ...container, image }
      })
      return { ...podSpec, containers: update(containers), ...(initContainers ? { initContainers: update(initContainers) } : {}) }
    })
  },
}
