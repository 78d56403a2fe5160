import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './', // works under any path
  // Takes the sources of the packages, so that nothing has to be built here. Leave it out where they are installed.
  resolve: { conditions: ['@gpdjs/source', ...defaultClientConditions] },
  worker: { format: 'es' }, // one that imports packages when it needs them
  build: { chunkSizeWarningLimit: 2000 }, // kB: TensorFlow.js is large
})
