import nx from '@nx/eslint-plugin'
import { createProjectGraphAsync } from '@nx/devkit'
import prettier from 'eslint-config-prettier'
import jsoncParser from 'jsonc-eslint-parser'
import tseslint from 'typescript-eslint'

// The boundary and dependency rules read the cached project graph and switch themselves off, with a mere warning, where
// there is none (a fresh clone). Building it here makes a missing or outdated graph impossible.
process.env.NX_DAEMON ??= 'false'
await createProjectGraphAsync({ exitOnError: false })

/** Which packages may import which: dependencies point one way, from the command line down to the core. */
const layers = {
  core: [],
  engine: ['core'],
  method: ['core'],
  // The way back from an expanded network is written against what the way there made.
  extraction: ['core', 'method'],
  trainer: ['core', 'method', 'extraction'],
  cli: ['core', 'engine', 'method', 'extraction', 'trainer'],
  example: ['core', 'engine', 'method', 'extraction', 'trainer', 'cli', 'example'],
}

/** The same, and a test also runs on the backends, and uses other packages of its own layer. Core is tested without. */
const layersOfTests = {
  ...layers,
  method: ['core', 'engine', 'method'],
  extraction: ['core', 'engine', 'method'],
  trainer: ['core', 'engine', 'method', 'extraction'],
}

const boundaries = (allowed) => [
  'error',
  {
    enforceBuildableLibDependency: true,
    // The command line loads packages when a command needs them, and imports their types at any time.
    checkDynamicDependenciesExceptions: ['.*'],
    banTransitiveDependencies: true,
    depConstraints: Object.entries(allowed).map(([layer, uses]) => ({
      sourceTag: `layer:${layer}`,
      onlyDependOnLibsWithTags: uses.map((used) => `layer:${used}`),
    })),
  },
]

/** Tests and what only tests use. */
const tests = ['**/*.test.ts', '**/*.runner.ts', '**/fixtures/**', '**/{testing,laws,parity,faults}/**']

/** Calls that break a promise of the project, wherever they stand in a package. */
const forbiddenCalls = [
  {
    selector: 'CallExpression[callee.object.name="Math"][callee.property.name="random"]',
    message: 'Randomness is a pure function of (seed, epoch, step, stream). Use randomStream() of @gpdjs/core.',
  },
  {
    selector: 'CallExpression[callee.property.name=/^(dataSync|arraySync)$/]',
    message: 'A synchronous read stalls the backend, and WebGPU refuses it. Await data() behind the step.',
  },
  {
    selector: 'ExportAllDeclaration:not([source.value=/\\bindex\\.ts$/])',
    message: 'A barrel lists its names, which are the public interface, or takes over those of another barrel.',
  },
]

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/coverage', '**/runs', '.nx', '**/fixtures/**', 'docs/.vitepress/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.mjs'],
    extends: [tseslint.configs.recommended],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(layers),
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `== null` means null or undefined; every other loose comparison converts behind one's back.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-new-func': 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...forbiddenCalls] },
  },
  {
    files: tests,
    rules: { '@nx/enforce-module-boundaries': boundaries(layersOfTests), 'no-restricted-syntax': 'off' },
  },
  {
    // These read the workspace's presets, which belong to no package and are published with none.
    files: ['**/{tsup,vitest,vitest.faults}.config.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    files: ['{packages,examples}/*/package.json'],
    plugins: { '@nx': nx },
    languageOptions: { parser: jsoncParser },
    rules: {
      '@nx/dependency-checks': [
        'error',
        {
          ignoredFiles: [
            '{projectRoot}/{tsup,vitest,vitest.faults}.config.ts',
            ...tests.map((glob) => `{projectRoot}/${glob}`),
          ],
          // Engines that are the user's choice: found at run time, never imported by name.
          ignoredDependencies: [
            '@tensorflow/tfjs-node',
            '@tensorflow/tfjs-node-gpu',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-core',
            'webgpu',
          ],
        },
      ],
    },
  },
  prettier,
)
