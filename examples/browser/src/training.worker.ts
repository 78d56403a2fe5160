/** Trains beside the page, so that no step keeps the page from drawing or from its buttons. */
/// <reference types="vite/client" />
import * as tf from '@tensorflow/tfjs'
import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import { useBackend } from '@gpdjs/backends'
import { isGpdError } from '@gpdjs/core'
import { examine, modelFiles } from './examine.ts'
import type { Report, Request } from './messages.ts'
import { shapes, TEST_IMAGES } from './shapes.ts'
import { train } from './train.ts'

const say = (report: Report, transfer: Transferable[] = []) => postMessage(report, { transfer })
let running = new AbortController()

async function run({ images, epochs }: Extract<Request, { kind: 'train' }>): Promise<void> {
  const before = tf.memory().numTensors
  running = new AbortController()
  const sets = { train: shapes('train', images), test: shapes('test', TEST_IMAGES) }
  const result = await train(
    sets,
    { epochs, signal: running.signal },
    {
      onTrainBegin: ({ totalSteps }) => say({ kind: 'begin', totalSteps }),
      onBatchEnd: (step, { loss }) => say({ kind: 'step', step, loss: loss! }),
      onEpochEnd(epoch, logs) {
        const { loss, val_acc: student, 'val_acc/dynamic-teacher': teacher, 'samples-per-second': speed } = logs
        // An epoch that was stopped is not judged.
        if (student === undefined) return
        say({ kind: 'epoch', epoch: epoch + 1, loss: loss!, student, teacher: teacher!, imagesPerSecond: speed! })
      },
    },
  )
  const { outcome, steps, seconds } = result
  const [exam, files] = [await examine(result.student, sets), await modelFiles(result.student)]
  result.dispose()
  const tensorsLeft = tf.memory().numTensors - before
  say({ kind: 'end', outcome, steps, seconds, exam, files, tensorsLeft }, [files.weights])
}

const fail = (error: unknown) => say({ kind: 'failed', message: isGpdError(error) ? error.message : String(error) })

// Requests that come before the backend is there wait for it.
const backend = useBackend('auto', { wasmUrl })
onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.kind === 'stop') running.abort()
  else backend.then(() => run(data)).catch(fail)
}
backend.then(({ reason }) => say({ kind: 'ready', reason })).catch(fail)
