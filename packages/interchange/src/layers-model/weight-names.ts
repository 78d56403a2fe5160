import { layersOf } from './check-layers.ts'

const MODELS = ['Functional', 'Model', 'Sequential']

/** Names of the layers that have weights of their own. */
function layerNames(topology: unknown): ReadonlySet<string> {
  const names = [...layersOf(topology)].flatMap(({ className, config }) => {
    const { name } = (config ?? {}) as { readonly name?: unknown }
    return typeof name === 'string' && !MODELS.includes(String(className)) ? [name] : []
  })
  return new Set(names)
}

/**
 * Names of weights as TensorFlow.js looks for them, `<layer>/<weight>`: Keras 3 puts the names of the models in front, as in
 * `sequential/dense/kernel`.
 */
export function weightNames(topology: unknown): (name: string) => string {
  const layers = layerNames(topology)
  return (name) => {
    const parts = name.split('/')
    const start = parts.slice(0, -1).findIndex((part) => layers.has(part))
    return start > 0 ? parts.slice(start).join('/') : name
  }
}
