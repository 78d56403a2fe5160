import type { Model } from '@gpdjs/core'
import type { Metadata } from './metadata.ts'

/** A network from a file of any format that `gpd extract` writes: images go in, logits come out. */
export interface Saved {
  readonly model: Model
  readonly metadata: Metadata
  dispose(): void
}
