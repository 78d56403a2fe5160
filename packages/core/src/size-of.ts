/** The product of a shape: how many numbers a tensor has. One for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1)
