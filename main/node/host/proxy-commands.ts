import { ipvsText } from '../proxy/ipvs-text.ts'
import { nftText } from '../proxy/nft-text.ts'
import { rulesOf } from '../proxy/node-rules.ts'
import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'

/** `ipvsadm -L|-l [-n]`: the virtual servers that kube-proxy's ipvs mode keeps. Not modelled: changing them, statistics, names for -L without -n. */
export function ipvsadm(host: Host): Program {
  return async (context) => {
    const letters = context.argv.slice(1).filter((word) => word.startsWith('-')).join('')
    if (letters !== '' && !/[lLS]|--list|--save/.test(letters)) {
      await context.stderr.write("ipvsadm: unexpected argument: the virtual servers are kube-proxy's\n")
      return 2
    }
    const { stack } = host.facts.machine
    const rules = rulesOf(stack)
    await context.stdout.write(ipvsText(rules.mode === 'ipvs' ? [...rules.rules()] : [], stack.addresses))
    return 0
  }
}

/** `nft list ruleset | list tables | list table ip kube-proxy`: what kube-proxy's nftables mode keeps. Not modelled: changing it. */
export function nft(host: Host): Program {
  return async (context) => {
    const words = context.argv.slice(1).filter((word) => !word.startsWith('-'))
    const rules = rulesOf(host.facts.machine.stack)
    const present = rules.mode === 'nftables'
    const what = words.join(' ')
    if (words[0] !== 'list') {
      await context.stderr.write(`Error: syntax error, unexpected ${words[0] === undefined ? 'end of file' : 'string'}, expecting list\n`)
      return 1
    }
    if (what === 'list tables') await context.stdout.write(present ? 'table ip kube-proxy\n' : '')
    else if (what === 'list ruleset' || (what === 'list table ip kube-proxy' && present)) await context.stdout.write(present ? nftText([...rules.rules()], host.facts.clusterCidr ?? '10.244.0.0/16') : '')
    else {
      await context.stderr.write(`Error: No such file or directory\n${what}\n`)
      return 1
    }
    return 0
  }
}
