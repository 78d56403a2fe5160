import type { Options } from 'tsup'

/** How every package is built: ES modules, CommonJS and types from `src/index.ts`. */
export const preset: Options = {
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  // The type bundle is one program of its own: not part of a composite build, and it reads the built types of the
  // other packages (without the source condition) as an installed user would.
  dts: { compilerOptions: { composite: false, customConditions: [] } },
  sourcemap: true,
  clean: true,
  target: 'node20',
  treeshake: true,
}
