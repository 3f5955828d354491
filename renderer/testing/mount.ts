import { mount, type ComponentMountingOptions } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import type { Component } from 'vue'
import { bridgeOver } from '../../preload/contract/bridge.ts'
import { useBridge } from '../bridge/bridge.ts'
import { fakeLab, type FakeLab } from './fake-lab.ts'
import { scenario, type ScenarioName } from './scenarios.ts'

/** Gives stores and components a fresh fake lab. */
export function withLab(name: ScenarioName = 'standard'): FakeLab {
  const lab = fakeLab(scenario(name))
  useBridge(bridgeOver(lab.port))
  setActivePinia(createPinia())
  window.location.hash = ''
  return lab
}

/** Mounts a component in the document, over the lab that `withLab` made. */
export function show(component: Component, options: ComponentMountingOptions<Record<string, unknown>> = {}) {
  return mount(component, { attachTo: document.body, ...options })
}

/** Lets answers arrive and timers of up to `ms` run. */
export function settle(ms = 150): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
