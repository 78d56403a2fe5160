import type { Options } from 'tsup'

/** How every package is built: ES modules, CommonJS and types from `src/index.ts`. */
export const preset: Options = {
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  treeshake: true,
}
