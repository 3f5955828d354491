import { Activity, Boxes, Cable, Cloud, Cog, Database, Map as MapIcon, Server, Settings2, Split, Workflow } from '@lucide/vue'
import { defineAsyncComponent, type Component } from 'vue'
import ClusterMap from '../cluster-map/ClusterMap.vue'
import type { ViewName } from './navigation.ts'

export interface View {
  readonly name: ViewName
  readonly title: string
  readonly icon: Component
  readonly component: Component
  /** Second key of `g then …`. */
  readonly key: string
}

const later = (load: () => Promise<{ default: Component }>): Component => defineAsyncComponent({ loader: load, delay: 120 })

/** The rail, in the order of the architecture. */
export const views: readonly View[] = [
  { name: 'map', title: 'Cluster map', icon: MapIcon, key: 'm', component: ClusterMap },
  { name: 'api-server', title: 'API server', icon: Cable, key: 'a', component: later(() => import('../api-server/ApiServer.vue')) },
  { name: 'etcd', title: 'etcd', icon: Database, key: 'e', component: later(() => import('../etcd/Etcd.vue')) },
  { name: 'scheduler', title: 'Scheduler', icon: Split, key: 's', component: later(() => import('../scheduler/Scheduler.vue')) },
  { name: 'controllers', title: 'Controllers', icon: Cog, key: 'c', component: later(() => import('../controllers/Controllers.vue')) },
  { name: 'cloud', title: 'Cloud', icon: Cloud, key: 'l', component: later(() => import('../cloud/Cloud.vue')) },
  { name: 'nodes', title: 'Nodes', icon: Server, key: 'n', component: later(() => import('../nodes/Nodes.vue')) },
  { name: 'network', title: 'Network', icon: Workflow, key: 'w', component: later(() => import('../network/Network.vue')) },
  { name: 'objects', title: 'Objects', icon: Boxes, key: 'o', component: later(() => import('../objects/Objects.vue')) },
  { name: 'traces', title: 'Traces', icon: Activity, key: 't', component: later(() => import('../traces/Traces.vue')) },
  { name: 'settings', title: 'Settings', icon: Settings2, key: ',', component: later(() => import('../settings/Settings.vue')) },
]
