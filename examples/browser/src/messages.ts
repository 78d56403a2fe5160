/** What the page says to the worker that trains. */
export type Request =
  | { readonly kind: 'train'; readonly images: number; readonly epochs: number }
  /** Ends training after the step at hand. */
  | { readonly kind: 'stop' }

/** The two files of a `tf.LayersModel`. */
export interface ModelFiles {
  /** `student.json` */
  readonly model: string
  /** `student.weights.bin` */
  readonly weights: ArrayBuffer
}

/** The student on the test set. */
export interface Exam {
  /** The class it gives each test image, in the order of the set. */
  readonly guesses: readonly number[]
  /** How sure it is of each, 0 … 1. */
  readonly certainties: readonly number[]
}

/** One epoch; accuracies are shares of the test set, 0 … 1. */
export interface Epoch {
  readonly epoch: number
  readonly loss: number
  readonly student: number
  readonly teacher: number
  readonly imagesPerSecond: number
}

/** What the worker says to the page. */
export type Report =
  | { readonly kind: 'ready'; readonly reason: string }
  | { readonly kind: 'begin'; readonly totalSteps: number }
  | { readonly kind: 'step'; readonly step: number; readonly loss: number }
  | ({ readonly kind: 'epoch' } & Epoch)
  | {
      readonly kind: 'end'
      readonly outcome: string
      readonly steps: number
      readonly seconds: number
      readonly exam: Exam
      readonly files: ModelFiles
      /** Tensors that the run has left behind. */
      readonly tensorsLeft: number
    }
  | { readonly kind: 'failed'; readonly message: string }
