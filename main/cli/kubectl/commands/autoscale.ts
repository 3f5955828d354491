import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { saveConfiguration } from '../last-applied.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { createObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { visitInfos } from '../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, saveConfigFlag } from '../settings.ts'

/** `kubectl autoscale`. */
export const autoscaleCommand: Command = {
  name: 'autoscale',
  use: 'autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]',
  short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-autoscale'),
    saveConfigFlag,
    { name: 'cpu', type: 'string', help: 'Target CPU utilization over all the pods. When specified as a percentage (e.g."70%" for 70% of requested CPU) it will target average utilization. When specified as quantity (e.g."500m" for 500 milliCPU) it will target average value.' },
    { name: 'cpu-percent', type: 'int', default: '-1', hidden: true, help: 'The target average CPU utilization over all the pods.' },
    { name: 'max', type: 'int', default: '-1', required: true, help: 'The upper limit for the number of pods that can be set by the autoscaler. Required.' },
    { name: 'memory', type: 'string', help: 'Target memory utilization over all the pods.' },
    { name: 'min', type: 'int', default: '-1', help: "The lower limit for the number of pods that can be set by the autoscaler. If it's not specified or negative, the server will apply a default value." },
    { name: 'name', type: 'string', help: 'The name for the newly created object. If not specified, the name of the input resource will be used.' },
  ],
  async run(context) {
    const { flags, streams, factory } = context
    if (flags.changed('cpu-percent')) streams.err("Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n")
    const [min, max] = [flags.int('min'), flags.int('max')]
    if (max < 1) throw new CliError(`--max=MAXPODS is required and must be at least 1, max: ${max}`)
    if (max < min) throw new CliError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`)
    const dryRun = dryRunOf(context)
    const print = operationPrinter(context, 'autoscaled', dryRun)
    const { inStructOrder } = await import('../typed.ts')
    const metrics = [
      ...metric('cpu', flags.changed('cpu-percent') ? `${flags.int('cpu-percent')}%` : flags.text('cpu')),
      ...metric('memory', flags.text('memory')),
    ]
    await visitInfos(context, context.args, { fetch: true, latest: true, missing: () => new CliError(missingTypesText) }, async (info) => {
      if (!info.resource.subresources.includes('scale')) throw new CliError(`cannot autoscale a ${info.resource.kind}: the server could not find the requested resource`)
      const object = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: flags.text('name') || info.name, namespace: info.namespace },
        spec: {
          scaleTargetRef: { kind: info.resource.kind, name: info.name, apiVersion: info.object.apiVersion },
          ...(min > 0 ? { minReplicas: min } : {}),
          maxReplicas: max,
          ...(metrics.length > 0 ? { metrics } : {}),
        },
        status: { desiredReplicas: 0, currentMetrics: null },
      } as unknown as KubeObject
      const made = saveConfiguration(object, flags.bool('save-config'))
      if (dryRun === 'client') return print(inStructOrder(made))
      const resource = await factory.mapper().byKind('autoscaling/v2', 'HorizontalPodAutoscaler')
      print(inStructOrder(await createObject(context, resource, info.namespace, made, { dryRun: dryRun === 'server', fieldManager: flags.text('field-manager') })))
    })
  },
}

function metric(name: string, text: string): object[] {
  if (text === '') return []
  const percent = /^(\d+)%$/.exec(text)?.[1]
  const target = percent === undefined ? { type: 'AverageValue', averageValue: text } : { type: 'Utilization', averageUtilization: Number(percent) }
  return [{ type: 'Resource', resource: { name, target } }]
}
