import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '1280' },
    epochs: { type: 'string', default: '12' },
    output: { type: 'string', default: 'runs/your-own-model' },
  },
})

/** `--images N`, `--epochs N` and `--output DIR`. */
export const options = { images: Number(values.images), epochs: Number(values.epochs), output: values.output }
