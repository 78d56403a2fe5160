import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import { losses } from './losses.ts'

postMessage(await losses('wasm', { wasmUrl }))
