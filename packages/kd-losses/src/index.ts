export { crossEntropy, crossEntropyRows } from './cross-entropy.ts'
export { kd, kdLoss, kdRows, type KdOptions } from './kd.ts'
export { dkd, dkdLoss, dkdRows, type DkdOptions } from './dkd.ts'
export {
  softCrossEntropy,
  softCrossEntropyLoss,
  softCrossEntropyRows,
  type SoftCrossEntropyOptions,
} from './soft-cross-entropy.ts'
export { dist, distLoss, type DistOptions } from './dist.ts'
export { ofa, ofaLoss, ofaRows, type OfaOptions } from './ofa.ts'
export { standardized, standardizeLogits } from './standardized.ts'
export { ttm, ttmLoss, ttmRows, wttm, wttmLoss, wttmRows, type TtmOptions, type WttmOptions } from './ttm.ts'
export { rld, rldLoss, rldRows, type RldOptions } from './rld.ts'
export { mlkd, mlkdLoss, mlkdViewLoss, type MlkdOptions } from './mlkd.ts'
export type { LogitView } from './alignment-levels.ts'
export { fitnet, fitnetLoss, fitnetRows, type FitnetOptions } from './fitnet.ts'
export { at, atLoss, atRows, type AtOptions } from './at.ts'
export { sp, spLoss } from './sp.ts'
export { pkt, pktLoss } from './pkt.ts'
export { nst, nstLoss, nstRows } from './nst.ts'
export { rkd, rkdLoss, type RkdOptions } from './rkd.ts'
export { vid, vidLoss, vidRows, type VidHeads, type VidOptions } from './vid.ts'
export { crd, type CrdOptions } from './crd.ts'
export { contrastLoss, type Contrast } from './contrast.ts'
export { reviewKd, type ReviewKdOptions } from './review-kd.ts'
export { attentionFusion, type AttentionFusionHeads, type FusedLevel } from './attention-fusion.ts'
export { hclLoss, hclRows } from './hcl.ts'
export { nd, ndLoss, ndRows, type NdOptions } from './nd.ts'
export type { TapOptions } from './taps.ts'
export { losses, type LossFactory } from './losses.ts'
export {
  published,
  publishedMethods,
  type PublishedData,
  type PublishedMethod,
  type PublishedOptions,
  type PublishedSetting,
  type PublishedTerm,
} from './published/index.ts'
export type { PublishedWarmUp } from './published/setting.ts'
