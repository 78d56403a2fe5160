export { crossEntropy } from './cross-entropy.ts'
export { kd, kdLoss, type KdOptions } from './kd.ts'
export { dkd, dkdLoss, type DkdOptions } from './dkd.ts'
export { softCrossEntropy, softCrossEntropyLoss, type SoftCrossEntropyOptions } from './soft-cross-entropy.ts'
export { dist, distLoss, type DistOptions } from './dist.ts'
export { ofa, ofaLoss, type OfaOptions } from './ofa.ts'
export { standardized, standardizeLogits } from './standardized.ts'
export { ttm, ttmLoss, wttm, wttmLoss, type TtmOptions, type WttmOptions } from './ttm.ts'
export { rld, rldLoss, type RldOptions } from './rld.ts'
export { mlkd, mlkdLoss, mlkdViewLoss, type MlkdOptions } from './mlkd.ts'
export type { LogitView } from './alignment-levels.ts'
export { fitnet, fitnetLoss, type FitnetOptions } from './fitnet.ts'
export { at, atLoss, type AtOptions } from './at.ts'
export { sp, spLoss } from './sp.ts'
export { pkt, pktLoss } from './pkt.ts'
export { nst, nstLoss } from './nst.ts'
export { rkd, rkdLoss, type RkdOptions } from './rkd.ts'
export { vid, vidLoss, type VidHeads, type VidOptions } from './vid.ts'
export { crd, type CrdOptions } from './crd.ts'
export { contrastLoss, type Contrast } from './contrast.ts'
export { reviewKd, type ReviewKdOptions } from './review-kd.ts'
export { attentionFusion, type AttentionFusionHeads, type FusedLevel } from './attention-fusion.ts'
export { hclLoss } from './hcl.ts'
export { nd, ndLoss, type NdOptions } from './nd.ts'
export type { TapOptions } from './taps.ts'
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
