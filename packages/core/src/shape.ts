/** Shape without the batch axis: `[height, width, channels]`, `[tokens, channels]` or `[channels]`. */
export type Shape = readonly number[]

/** The product of a shape: how many numbers a tensor has. One for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1)
