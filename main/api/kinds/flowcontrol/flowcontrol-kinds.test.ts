import { describe, expect, it } from 'vitest'
import type { FlowSchema, FlowSchemaSpec, PriorityLevelConfiguration, PriorityLevelConfigurationSpec } from '../../generated/types.ts'
import { errorsOf, made } from '../testing/life-of.ts'
import { rowOf } from '../testing/row-of.ts'
import { flowSchemaKind } from './flow-schema.ts'
import { allResources, mandatoryFlowSchemas, mandatoryPriorityLevels } from './mandatory.ts'
import { priorityLevelConfigurationKind } from './priority-level-configuration.ts'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'
const schema = (spec: Partial<FlowSchemaSpec>, name = 'x'): FlowSchema => ({ apiVersion, kind: 'FlowSchema', metadata: { name }, spec: { priorityLevelConfiguration: { name: 'system' }, ...spec } })
const level = (spec: PriorityLevelConfigurationSpec, name = 'x'): PriorityLevelConfiguration => ({ apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name }, spec })

describe('flow schemas', () => {
  it.each<[string, Partial<FlowSchemaSpec>, string[]]>([
    ['a good one', { rules: [{ subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'n' } }], resourceRules: [allResources] }] }, []],
    ['precedence 1', { matchingPrecedence: 1 }, ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]],
    ['too far back', { matchingPrecedence: 10_001 }, ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000']],
    ['no level', { priorityLevelConfiguration: { name: '' }, distinguisherMethod: { type: 'ByMoon' } }, [
      'spec.distinguisherMethod.type: Unsupported value: "ByMoon": supported values: "ByNamespace", "ByUser"',
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    ]],
    ['bad subjects', { rules: [{ subjects: [{ kind: 'User', group: { name: 'g' } }, { kind: 'Robot' }] }] }, [
      "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
      'spec.rules[0].subjects[1].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ]],
    ['bad rules', { rules: [{ subjects: [{ kind: 'User', user: { name: 'u' } }], resourceRules: [{ verbs: ['shout'], apiGroups: [], resources: ['*', 'pods'] }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['x', '/a*', '/a/*'] }] }] }, [
      'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["shout"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
      'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
      "spec.rules[0].resourceRules[0].resources: Invalid value: [\"*\",\"pods\"]: if '*' is present, must not specify other resources",
      'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
    ]],
  ])('%s', (_, spec, expected) => expect(errorsOf(flowSchemaKind, schema(spec))).toEqual(expected))

  it('keep the mandatory ones as they are', () => {
    expect(errorsOf(flowSchemaKind, schema(mandatoryFlowSchemas['catch-all']!, 'catch-all'))).toEqual([])
    expect(errorsOf(flowSchemaKind, schema({ matchingPrecedence: 5 }, 'catch-all')).at(-1)).toContain("spec of 'catch-all' must equal the fixed value")
  })

  it('say where they lead, in the order in which they are tried', () => {
    expect(made(flowSchemaKind, schema({})).spec?.matchingPrecedence).toBe(1000)
    expect(rowOf(flowSchemaKind, schema({ matchingPrecedence: 7 }))).toMatchObject({ PriorityLevel: 'system', MatchingPrecedence: 7, DistinguisherMethod: '<none>', MissingPL: '?' })
    expect([schema({ matchingPrecedence: 9 }, 'a'), schema({ matchingPrecedence: 7 }, 'c'), schema({ matchingPrecedence: 7 }, 'b')].sort(flowSchemaKind.rowOrder).map(({ metadata }) => metadata.name)).toEqual(['b', 'c', 'a'])
  })
})

describe('priority levels', () => {
  const limited = (more: NonNullable<PriorityLevelConfigurationSpec['limited']>): PriorityLevelConfigurationSpec => ({ type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...more } })

  it.each<[string, PriorityLevelConfigurationSpec, string[]]>([
    ['a good one', limited({ limitResponse: { type: 'Queue', queuing: { queues: 128, handSize: 6, queueLengthLimit: 50 } } }), []],
    ['another exempt one', { type: 'Exempt' }, ["spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'"]],
    ['nothing said', { type: 'Limited' }, ['spec.limited: Required value: must not be empty when type is Limited']],
    ['no response', limited({ limitResponse: { type: 'Wait' } }), ['spec.limited.limitResponse.type: Unsupported value: "Wait": supported values: "Queue", "Reject"']],
    ['queues to reject from', limited({ limitResponse: { type: 'Reject', queuing: {} } }), ['spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited']],
    ['too large a hand', limited({ limitResponse: { type: 'Queue', queuing: { queues: 512, handSize: 8 } } }), ['spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60']],
    ['more than the deck', limited({ limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 5 } } }), ['spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)']],
    ['odd shares', limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }), [
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ]],
  ])('%s', (_, spec, expected) => expect(errorsOf(priorityLevelConfigurationKind, level(spec))).toEqual(expected))

  it('get their defaults', () => {
    expect(made(priorityLevelConfigurationKind, level(limited({ limitResponse: { type: 'Queue', queuing: {} } }))).spec).toEqual({
      type: 'Limited', limited: { nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } } },
    })
  })

  it('keep the mandatory ones, but for the shares of the exempt', () => {
    expect(errorsOf(priorityLevelConfigurationKind, level(mandatoryPriorityLevels['catch-all']!, 'catch-all'))).toEqual([])
    expect(errorsOf(priorityLevelConfigurationKind, level({ type: 'Exempt', exempt: { nominalConcurrencyShares: 10 } }, 'exempt'))).toEqual([])
    expect(errorsOf(priorityLevelConfigurationKind, level(limited({ nominalConcurrencyShares: 6 }), 'catch-all'))[0]).toContain("spec of 'catch-all' must equal the fixed value")
    expect(rowOf(priorityLevelConfigurationKind, level(mandatoryPriorityLevels['exempt']!, 'exempt'))).toMatchObject({ Type: 'Exempt', NominalConcurrencyShares: '<none>', Queues: '<none>' })
  })
})
