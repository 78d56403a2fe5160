export { crossEntropy, crossEntropyRows } from './logits/cross-entropy.ts'
export { binaryCrossEntropy, binaryCrossEntropyRows } from './logits/binary-cross-entropy.ts'
export { binaryKd, binaryKdLoss, binaryKdRows, type BinaryKdOptions } from './logits/binary-kd.ts'
export { kd, kdLoss, kdRows, type KdOptions } from './logits/kd.ts'
export { dkd, dkdLoss, dkdRows, type DkdOptions } from './logits/dkd.ts'
export {
  softCrossEntropy,
  softCrossEntropyLoss,
  softCrossEntropyRows,
  type SoftCrossEntropyOptions,
} from './logits/soft-cross-entropy.ts'
export { dist, distLoss, type DistOptions } from './logits/dist.ts'
export { ofa, ofaLoss, ofaRows, type OfaOptions } from './logits/ofa.ts'
export { standardized, standardizeLogits } from './logits/standardized.ts'
export { ttm, ttmLoss, ttmRows, wttm, wttmLoss, wttmRows, type TtmOptions, type WttmOptions } from './logits/ttm.ts'
export { rld, rldLoss, rldRows, type RldOptions } from './logits/rld.ts'
export { mlkd, mlkdLoss, mlkdViewLoss, type MlkdOptions } from './logits/mlkd.ts'
export type { LogitView } from './logits/alignment-levels.ts'
export { fitnet, fitnetLoss, fitnetRows, type FitnetOptions } from './features/fitnet.ts'
export { at, atLoss, atRows, type AtOptions } from './features/at.ts'
export { sp, spLoss } from './features/sp.ts'
export { pkt, pktLoss } from './features/pkt.ts'
export { nst, nstLoss, nstRows } from './features/nst.ts'
export { rkd, rkdLoss, type RkdOptions } from './features/rkd.ts'
export { vid, vidLoss, vidRows, type VidHeads, type VidOptions } from './features/vid.ts'
export { crd, type CrdOptions } from './features/crd.ts'
export { contrastLoss, type Contrast } from './features/contrast.ts'
export { reviewKd, type ReviewKdOptions } from './features/review-kd.ts'
export { attentionFusion, type FusedLevel } from './heads/attention-fusion.ts'
export { hclLoss, hclRows } from './features/hcl.ts'
export { nd, ndLoss, ndRows, type NdOptions } from './features/nd.ts'
export type { TapOptions } from './support/taps.ts'
export { losses, type LossFactory } from './losses.ts'
export {
  published,
  PUBLISHED_OPTIONS,
  publishedMethods,
  type PublishedData,
  type PublishedMethod,
  type PublishedOptions,
  type PublishedSetting,
  type PublishedTerm,
} from './published/index.ts'
export type { PublishedWarmUp } from './published/setting.ts'
