import { mapRecord } from '@gpdjs/core'
import {
  fromOne,
  fromZero,
  single,
  type ByPair,
  type Publication,
  type PublishedWarmUp,
  type SettingData,
} from './setting.ts'

/** Taps of the stages of the networks of `@gpdjs/architectures`; those of others are given in their place. */
const CIFAR = ['layer1', 'layer2', 'layer3']
const IMAGENET = [...CIFAR, 'layer4']

const beforeActivation = (stages: readonly string[]) => stages.map((stage) => `${stage}.preactivation`)

const REVIEW: ByPair = {
  byPair: {
    'resnet110-resnet32': 1,
    'resnet56-resnet20': 0.6,
    'resnet32x4-resnet8x4': 5,
    'wrn_40_2-wrn_16_2': 5,
    'wrn_40_2-wrn_40_1': 5,
    'resnet32x4-shufflenet_v1': 5,
    'wrn_40_2-shufflenet_v1': 5,
    'resnet32x4-shufflenet_v2': 8,
  },
}

/** KD with a warm-up, and ND without: weights of both by pair. */
function kdPlusPlus(
  weights: Readonly<Record<string, readonly [kd: number, nd: number]>>,
  temperature: number,
  warmUp: PublishedWarmUp,
): SettingData {
  const part = (i: 0 | 1): ByPair => ({ byPair: mapRecord(weights, (pair) => pair[i]) })
  return {
    labelWeight: 1,
    terms: [
      { loss: 'kd', weight: part(0), options: { temperature }, warmUp },
      { loss: 'nd', weight: part(1) },
    ],
  }
}

const MDISTILLER = 'mdistiller: engine/cfg.py'

/** With the same numbers on both data sets. */
const onStages = (loss: string, weight: number, options: Readonly<Record<string, unknown>> = {}) => ({
  cifar100: single(loss, weight, { ...options, student: CIFAR }),
  imagenet: single(loss, weight, { ...options, student: IMAGENET }),
})

export const FEATURE_SETTINGS = {
  fitnet: {
    source: `${MDISTILLER} (FITNET); no setting for ImageNet`,
    cifar100: single('fitnet', 100, { student: 'layer2', regressor: 'convolution' }),
  },
  'fitnet-ofa': {
    source: 'Hao840/OFAKD: its FitNet, one 1 × 1 convolution for each of four stages',
    imagenet: single('fitnet', 1, { student: IMAGENET, regressor: 'pointwise' }),
  },
  at: { source: `${MDISTILLER} (AT)`, ...onStages('at', 1000, { power: 2 }) },
  nst: { source: `${MDISTILLER} (NST)`, cifar100: onStages('nst', 50).cifar100 },
  vid: { source: `${MDISTILLER} (VID)`, cifar100: onStages('vid', 1, { variance: 5 }).cifar100 },
  sp: { source: `${MDISTILLER} (SP)`, cifar100: single('sp', 3000, { student: 'layer3' }) },
  pkt: { source: `${MDISTILLER} (PKT)`, cifar100: single('pkt', 30000) },
  rkd: { source: `${MDISTILLER} (RKD)`, cifar100: single('rkd', 1, { distance: 25, angle: 50 }) },
  crd: {
    source: `${MDISTILLER} (CRD)`,
    cifar100: single('crd', 0.8, { negatives: 16384 }),
    imagenet: single('crd', 0.8, { negatives: 16384 }),
  },
  'review-kd': {
    source: `${MDISTILLER} (REVIEWKD); dvlab-research/ReviewKD: the commands of its README`,
    cifar100: single(
      'review-kd',
      REVIEW,
      { student: [...CIFAR, 'pool'], teacher: [...beforeActivation(CIFAR), 'pool'] },
      fromOne(20),
    ),
    imagenet: single('review-kd', 1, { student: [...beforeActivation(IMAGENET), 'pool'] }, fromOne(1)),
  },
  'kd++': {
    source: 'WangYZ1608/Knowledge-Distillation-via-ND: CIFAR/train_cifar.sh, ImageNet/train.sh and train_kd.py',
    cifar100: kdPlusPlus(
      {
        'resnet56-resnet20': [1, 2],
        'resnet32x4-resnet8x4': [3.5, 2],
        'wrn_40_2-wrn_40_1': [1, 1.5],
        'resnet50-mobilenet_v2': [3, 0.5],
        'resnet32x4-shufflenet_v1': [2.5, 1.5],
        'resnet32x4-shufflenet_v2': [4, 0.5],
      },
      4,
      fromZero(20),
    ),
    imagenet: kdPlusPlus(
      {
        'resnet34-resnet18': [2.5, 1],
        'resnet50-resnet18': [4, 1],
        'resnet101-resnet18': [3.5, 4],
        'resnet152-resnet18': [4, 2],
        'resnet50-mobilenet_v1': [4, 1],
      },
      1,
      fromZero(5),
    ),
  },
} as const satisfies Readonly<Record<string, Publication>>
