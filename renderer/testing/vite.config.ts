import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = import.meta.dirname

/** Builds the window over the fake lab, for looking at: `npx vite build --config renderer/testing/vite.config.ts --outDir /tmp/…`. */
export default defineConfig({
  root: resolve(here),
  base: './',
  plugins: [vue()],
  build: { target: 'chrome130', rollupOptions: { input: resolve(here, 'index.html') }, emptyOutDir: true },
})
