/** The definitions in double precision on plain arrays, one sample at a time: what the tensor code is compared with. */

export type Matrix = readonly (readonly number[])[]

export function softmax(logits: readonly number[], temperature = 1): number[] {
  const highest = Math.max(...logits)
  const powers = logits.map((x) => Math.exp((x - highest) / temperature))
  const total = powers.reduce((sum, x) => sum + x, 0)
  return powers.map((x) => x / total)
}

/** `Σ p (log p − log q)`; terms with p = 0 are 0. */
export const kl = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, i) => sum + (x === 0 ? 0 : x * Math.log(x / q[i]!)), 0)

export const entropy = (p: readonly number[]): number => p.reduce((sum, x) => sum - (x === 0 ? 0 : x * Math.log(x)), 0)

export const crossEntropyOf = (target: readonly number[], p: readonly number[]): number =>
  kl(target, p) + entropy(target)

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

const without = (row: readonly number[], index: number): number[] => row.filter((_, i) => i !== index)

/** `KL(b_t ‖ b_s)` and `KL(p̂_t ‖ p̂_s)` of one sample, from probabilities that are formed and cut apart literally. */
export function decoupledTerms(s: readonly number[], t: readonly number[], label: number, temperature: number) {
  const binary = (logits: readonly number[]) => {
    const p = softmax(logits, temperature)
    return [p[label]!, without(p, label).reduce((sum, x) => sum + x, 0)]
  }
  const others = (logits: readonly number[]) => softmax(without(logits, label), temperature)
  return { target: kl(binary(t), binary(s)), others: kl(others(t), others(s)) }
}

/** Central differences of a scalar function of a matrix. */
export function finiteDifferences(f: (x: Matrix) => number, x: Matrix, step = 1e-5): number[][] {
  const nudged = (row: number, column: number, by: number) =>
    x.map((values, i) => values.map((value, j) => (i === row && j === column ? value + by : value)))
  return x.map((values, i) => values.map((_, j) => (f(nudged(i, j, step)) - f(nudged(i, j, -step))) / (2 * step)))
}
