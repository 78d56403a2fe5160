import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const strings = { data_format: 'NHWC' }

export const channelAdd = tensorflowKernel<'x' | 'b'>({
  name: 'ChannelAdd',
  repairs: 'Add broadcasts in general; BiasAdd need not',
  create:
    () =>
    ({ inputs: { x, b }, backend }) =>
      execute(backend, { name: 'BiasAdd', inputs: [x, b], strings }),
})

export const reluGradient = tensorflowKernel<'dy' | 'y'>({
  name: 'ReluGradient',
  repairs: 'the gradient composes from Step and Multiply: Step alone is four passes',
  create:
    () =>
    ({ inputs: { dy, y }, backend }) =>
      execute(backend, { name: 'ReluGrad', inputs: [dy, y] }),
})
