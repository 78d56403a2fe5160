import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const strings = { data_format: 'NHWC' }

export const channelAdd = extraTensorflowKernel({
  name: 'ChannelAdd',
  problem: 'Add broadcasts in general; BiasAdd need not',
  run: ({ inputs: { x, b }, backend }) => execute(backend, { name: 'BiasAdd', inputs: [x, b], strings }),
})

export const reluGradient = extraTensorflowKernel({
  name: 'ReluGradient',
  problem: 'the gradient composes from Step and Multiply: Step alone is four passes',
  run: ({ inputs: { dy, y }, backend }) => execute(backend, { name: 'ReluGrad', inputs: [dy, y] }),
})
