import type { Command } from '../command.ts'
import { apiResourcesCommand } from './api-resources.ts'
import { apiVersionsCommand } from './api-versions.ts'
import { applyCommand } from './apply.ts'
import { clusterInfoCommand } from './cluster-info.ts'
import { configCommand } from './config.ts'
import { createCommand } from './create/create-command.ts'
import { deleteCommand } from './delete.ts'
import { describeCommand } from './describe.ts'
import { proxyCommand } from './proxy.ts'
import { portForwardCommand } from './port-forward.ts'
import { eventsCommand } from './events.ts'
import { topCommand } from './top.ts'
import { logsCommand } from './logs.ts'
import { execCommand } from './exec.ts'
import { attachCommand } from './attach.ts'
import { getCommand } from './get.ts'
import { versionCommand } from './version.ts'
import { authCommand } from './auth.ts'
import { certificateCommand } from './certificate.ts'
import { cpCommand } from './cp.ts'
import { debugCommand } from './debug/debug.ts'
import { kustomizeCommand } from './kustomize.ts'
import { completionCommand } from './completion.ts'
import { completeCommand } from '../completion/complete.ts'
import { pluginCommand } from './plugin.ts'
import { alphaCommand } from './alpha.ts'
import { cordonCommand, drainCommand, uncordonCommand } from './drain.ts'
import { exposeCommand } from './expose.ts'
import { annotateCommand, labelCommand } from './label.ts'
import { patchCommand } from './patch.ts'
import { replaceCommand } from './replace.ts'
import { rolloutCommand } from './rollout/rollout.ts'
import { runCommand } from './run.ts'
import { scaleCommand } from './scale.ts'
import { setCommand } from './set/set.ts'
import { taintCommand } from './taint.ts'
import { waitCommand } from './wait.ts'
import { autoscaleCommand } from './autoscale.ts'
import { diffCommand } from './diff.ts'
import { editCommand } from './edit.ts'
import { explainCommand } from './explain.ts'
import { optionsCommand } from './options.ts'

/** `kubectl` itself: one file for each command beside this one. */
export const rootCommand: Command = {
  name: 'kubectl',
  use: '[flags] [options]',
  short: 'kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/',
  groups: [
    { title: 'Basic Commands (Beginner)', names: ['create', 'expose', 'run', 'set'] },
    { title: 'Basic Commands (Intermediate)', names: ['explain', 'get', 'edit', 'delete'] },
    { title: 'Deploy Commands', names: ['rollout', 'scale', 'autoscale'] },
    { title: 'Cluster Management Commands', names: ['certificate', 'cluster-info', 'top', 'cordon', 'uncordon', 'drain', 'taint'] },
    { title: 'Troubleshooting and Debugging Commands', names: ['describe', 'logs', 'attach', 'exec', 'port-forward', 'proxy', 'cp', 'auth', 'debug', 'events'] },
    { title: 'Advanced Commands', names: ['diff', 'apply', 'patch', 'replace', 'wait', 'kustomize'] },
    { title: 'Settings Commands', names: ['label', 'annotate', 'completion'] },
    { title: 'Subcommands provided by plugins', names: [] },
    { title: 'Other Commands', names: [], others: true },
  ],
  subcommands: [pluginCommand(() => rootCommand), alphaCommand, completeCommand('__complete', () => rootCommand, true), completeCommand('__completeNoDesc', () => rootCommand, false), completionCommand, kustomizeCommand, debugCommand, cpCommand, certificateCommand, autoscaleCommand, diffCommand, editCommand, explainCommand, optionsCommand, authCommand, cordonCommand, drainCommand, uncordonCommand, exposeCommand, annotateCommand, labelCommand, patchCommand, replaceCommand, rolloutCommand, runCommand, scaleCommand, setCommand, taintCommand, waitCommand, createCommand, applyCommand, deleteCommand, describeCommand, proxyCommand, portForwardCommand, eventsCommand, topCommand, logsCommand, execCommand, attachCommand, getCommand, clusterInfoCommand, apiResourcesCommand, apiVersionsCommand, configCommand, versionCommand],
}
