import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/** One main bundle serves Electron's Node and plain Node 20: `index` is the Electron shell, `orrery` the Node shell and
 *  the command line, `worker` the thread in which the cluster lives. */
export default defineConfig({
  main: {
    build: {
      target: 'node20',
      outDir: 'out/main',
      minify: false,
      // A hundred small CommonJS files cost a tenth of the start; in the bundle they cost next to nothing.
      externalizeDeps: { exclude: ['@peculiar/x509', 'reflect-metadata', 'yaml', 'unbash'] },
      rollupOptions: {
        input: { index: at('main/desktop/index.ts'), orrery: at('main/server/orrery.ts'), worker: at('main/cluster/worker.node.ts') },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: 'node20',
      outDir: 'out/preload',
      externalizeDeps: false,
      rollupOptions: { input: { index: at('preload/index.ts') }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: at('renderer'),
    plugins: [vue()],
    build: { outDir: at('out/renderer'), target: 'chrome130', minify: true, rollupOptions: { input: at('renderer/index.html') } },
  },
})
