import { didYouMean, GpdError, type DistillationLoss } from '@gpdjs/core'
import { at } from './features/at.ts'
import { crd } from './features/crd.ts'
import { fitnet } from './features/fitnet.ts'
import { nd } from './features/nd.ts'
import { nst } from './features/nst.ts'
import { pkt } from './features/pkt.ts'
import { reviewKd } from './features/review-kd.ts'
import { rkd } from './features/rkd.ts'
import { sp } from './features/sp.ts'
import { vid } from './features/vid.ts'
import { binaryKd } from './logits/binary-kd.ts'
import { dist } from './logits/dist.ts'
import { dkd } from './logits/dkd.ts'
import { kd } from './logits/kd.ts'
import { mlkd } from './logits/mlkd.ts'
import { ofa } from './logits/ofa.ts'
import { rld } from './logits/rld.ts'
import { softCrossEntropy } from './logits/soft-cross-entropy.ts'
import { standardized } from './logits/standardized.ts'
import { ttm, wttm } from './logits/ttm.ts'

/**
 * Makes a distillation loss; refuses unknown options and values that are not allowed. Losses of features
 * take the names of taps: `{ student: 'layer3', teacher: 'layer3' }`, or lists of them.
 */
export type LossFactory = (options?: Readonly<Record<string, unknown>>) => DistillationLoss

/** Every factory checks its options when it is called, so by name it may be given any. */
const checked =
  <Options extends object>(create: (options: Options) => DistillationLoss): LossFactory =>
  (options = {}) =>
    create(options as Options)

/** Losses of logits that keep their meaning when the logits are standardized. */
const standardizable: Readonly<Record<string, LossFactory>> = {
  kd: checked(kd),
  dkd: checked(dkd),
  dist: checked(dist),
  ttm: checked(ttm),
  wttm: checked(wttm),
  rld: checked(rld),
  mlkd: checked(mlkd),
}

/** Temperature of the published runs with standardized logits. */
const STANDARDIZED_DEFAULTS: Readonly<Record<string, object>> = { kd: { temperature: 2 }, dkd: { temperature: 2 } }

/** `{ loss: 'dkd', … }`: that loss with the other options on standardized logits. */
function standardizedByName({ loss = 'kd', ...options }: Readonly<Record<string, unknown>>): DistillationLoss {
  const create = Object.hasOwn(standardizable, String(loss)) ? standardizable[String(loss)] : undefined
  if (create !== undefined) {
    return standardized(create({ ...STANDARDIZED_DEFAULTS[String(loss)], ...options }))
  }
  const problem = `standardized: loss: expected a loss of logits, got '${String(loss)}'.`
  throw new GpdError('config.invalid', problem, didYouMean(String(loss), Object.keys(standardizable)))
}

/**
 * Every distillation loss of this package by the name it bears in configurations.
 *
 * @example losses['dkd']?.({ beta: 2 })
 * @example losses['fitnet']?.({ student: 'layer2', teacher: 'layer2', regressor: 'convolution' })
 * @example losses['standardized']?.({ loss: 'kd', temperature: 2 })
 */
export const losses: Readonly<Record<string, LossFactory>> = {
  ...standardizable,
  'soft-cross-entropy': checked(softCrossEntropy),
  'binary-kd': checked(binaryKd),
  ofa: checked(ofa),
  standardized: checked(standardizedByName),
  fitnet: checked(fitnet),
  at: checked(at),
  sp: checked(sp),
  pkt: checked(pkt),
  nst: checked(nst),
  rkd: checked(rkd),
  vid: checked(vid),
  crd: checked(crd),
  'review-kd': checked(reviewKd),
  nd: checked(nd),
}
