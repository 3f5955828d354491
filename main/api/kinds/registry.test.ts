import { describe, expect, it } from 'vitest'
import { schemaOf } from '../machinery/schema.ts'
import { fieldErrorText } from '../machinery/field-error.ts'
import type { KubeObject } from '../machinery/object.ts'
import { apiserverPolicy, kubeadmPolicy } from './rbac/bootstrap.ts'
import { builtInKinds, kindFor, kindForResource } from './registry.ts'

describe('the built-in kinds', () => {
  it.each(builtInKinds.map((kind) => [`${kind.group}/${kind.kind}`, kind] as const))('%s is declared soundly', (_, kind) => {
    expect(schemaOf(kind.schema)).toBeDefined()
    // Of several versions the preferred one comes first, and is the one that is stored.
    expect(kindFor(kind.group, kind.kind)).toBe(builtInKinds.find((each) => each.group === kind.group && each.kind === kind.kind))
    expect(kindForResource(kind.group, kind.version, kind.plural)).toBe(kind)
    for (const subresource of kind.subresources) if (subresource.type === 'named' && subresource.body) expect(schemaOf(subresource.body.schema)).toBeDefined()
    // Kinds without columns show upstream's default ones.
    if (kind.columns.length > 0) {
      expect(kind.columns.some((column) => column.format === 'name')).toBe(true)
      for (const column of kind.columns) expect(column.description, column.name).not.toBe('')
    }
  })

  it('store each in its own place, but for the other forms of events and autoscalers', () => {
    const places = builtInKinds.filter((kind) => kind.storagePrefix && !kind.storedAs).map((kind) => kind.storagePrefix)
    expect(new Set(places).size).toBe(places.length)
  })

  it('know each short name once per group and version', () => {
    const names = builtInKinds.flatMap((kind) => kind.shortNames.map((name) => `${kind.group}/${kind.version}/${name}`))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the default policy', () => {
  const policies = [apiserverPolicy(), kubeadmPolicy()]
  const all = policies.flatMap(({ clusterRoles, clusterRoleBindings, roles, roleBindings }): KubeObject[] => [...clusterRoles, ...clusterRoleBindings, ...roles, ...roleBindings])

  it('is valid', () => {
    for (const object of all) {
      const { strategy } = kindFor('rbac.authorization.k8s.io', object.kind) ?? {}
      const copy = structuredClone(object)
      strategy?.defaults?.(copy)
      expect([object.metadata.name, ...(strategy?.validate?.(copy) ?? []).map(fieldErrorText)]).toEqual([object.metadata.name])
    }
  })

  it('names each object once, and binds roles that exist', () => {
    const names = all.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
    for (const { clusterRoleBindings, roleBindings } of policies) {
      for (const { roleRef } of clusterRoleBindings) expect(names).toContain(`${roleRef.kind}//${roleRef.name}`)
      for (const { roleRef, metadata } of roleBindings) expect(names).toContain(`${roleRef.kind}/${metadata.namespace}/${roleRef.name}`)
    }
  })

  it('aggregates view into edit into admin', () => {
    const rules = (name: string) => policies[0]?.clusterRoles.find((role) => role.metadata.name === name)?.rules ?? []
    expect(rules('edit')).toEqual(expect.arrayContaining(rules('view')))
    expect(rules('admin')).toEqual(expect.arrayContaining(rules('edit')))
    expect(rules('view').flatMap((rule) => rule.resources ?? [])).not.toContain('secrets')
  })
})
