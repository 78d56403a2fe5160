import { GpdError } from '@gpdjs/core'
import type { WasmBackend } from '../wasm-backend.ts'
import { assemble, type Callable } from './assembler.ts'
import { simdFunctions } from './functions.ts'

/** The vector functions by name, each with as many numbers as it has parameters. */
export type Simd = { readonly [F in (typeof simdFunctions)[number] as F['name']]: Callable<F['parameters']> }

let compiled: WebAssembly.Module | undefined
const instances = new WeakMap<WasmBackend, Simd>()

function memoryOf(backend: WasmBackend): WebAssembly.Memory {
  const { memory } = backend.wasm.asm
  if (memory instanceof WebAssembly.Memory) return memory
  throw new GpdError(
    'backend.unsupported',
    'wasm: expected the memory of tfjs-backend-wasm, found none.',
    'Use its single-threaded SIMD build, or another backend.',
  )
}

/**
 * Compiles the vector functions; needed once, before `simd`.
 *
 * @throws GpdError `backend.unsupported` on an engine without WebAssembly SIMD
 */
export async function compileSimd(): Promise<void> {
  try {
    compiled ??= await WebAssembly.compile(assemble(simdFunctions))
  } catch (cause) {
    throw new GpdError(
      'backend.unsupported',
      'wasm: this JavaScript engine has no WebAssembly SIMD.',
      "Use a newer engine, or the backend 'cpu'.",
      { cause },
    )
  }
}

/** The vector functions, on the memory of a backend: they take addresses in it. */
export function simd(backend: WasmBackend): Simd {
  const known = instances.get(backend)
  if (known !== undefined) return known
  if (compiled === undefined)
    throw new GpdError(
      'backend.unsupported',
      'wasm: the vector functions are not compiled.',
      "Choose the backend with useBackend('wasm').",
    )
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: memoryOf(backend) } })
  const functions = exports as unknown as Simd
  instances.set(backend, functions)
  return functions
}
