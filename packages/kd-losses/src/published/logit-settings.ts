import { fromOne, single, type ByPair, type Publication } from './setting.ts'

const DKD_BETA: Readonly<Record<string, number>> = {
  'resnet56-resnet20': 2,
  'resnet110-resnet32': 2,
  'wrn_40_2-wrn_16_2': 6,
  'wrn_40_2-wrn_40_1': 6,
  'vgg13-vgg8': 6,
  'vgg13-mobilenet_v2': 6,
}
const DKD_OTHERWISE = 8
const IMAGENET_BETA: ByPair = { byPair: { 'resnet34-resnet18': 0.5, 'resnet50-mobilenet_v1': 2 } }

/** DKD's β, times a factor. */
const dkdBeta = (factor: number): ByPair => ({
  byPair: Object.fromEntries(Object.entries(DKD_BETA).map(([pair, beta]) => [pair, factor * beta])),
  otherwise: factor * DKD_OTHERWISE,
})

/** The label's weight and that of the only loss. */
const mixed = (labelWeight: number, ...rest: Parameters<typeof single>) => ({ ...single(...rest), labelWeight })

/** Standardized logits: the weight 9 of the authors' command, which for DKD multiplies α and β. */
const STANDARDIZED = 9

const MLKD = { labelViews: ['strong'], terms: [] }

export const LOGIT_SETTINGS = {
  kd: {
    source: 'mdistiller: engine/cfg.py (KD), configs/imagenet/r34_r18/kd.yaml',
    cifar100: mixed(0.1, 'kd', 0.9, { temperature: 4 }),
    imagenet: mixed(0.5, 'kd', 0.5, { temperature: 1 }),
  },
  dkd: {
    source: 'mdistiller: engine/cfg.py (DKD), configs/cifar100/dkd, configs/imagenet/*/dkd.yaml',
    cifar100: single('dkd', 1, { alpha: 1, beta: dkdBeta(1), temperature: 4 }, fromOne(20)),
    imagenet: single('dkd', 1, { alpha: 1, beta: IMAGENET_BETA, temperature: 1 }, fromOne(1)),
  },
  dist: {
    source: 'hunto/image_classification_sota: lib/models/losses/dist_kd.py; Huang et al. 2022, section 5',
    cifar100: single('dist', 2, { beta: 1, gamma: 1, temperature: 4 }),
    imagenet: single('dist', 2, { beta: 1, gamma: 1, temperature: 1 }),
  },
  ofa: {
    source: 'Hao840/OFAKD: distillers/ofa.py and the commands of its README',
    cifar100: single('ofa', 1, { epsilon: 1, student: ['layer1', 'layer2', 'layer3', 'layer4'] }),
    imagenet: single('ofa', 1, { epsilon: 1.5, student: ['layer1', 'layer2', 'layer3', 'layer4'] }),
  },
  'standardized-kd': {
    source: 'sunshangquan/logit-standardization-KD: --logit-stand --base-temp 2 --kd-weight 9',
    cifar100: mixed(0.1, 'standardized', STANDARDIZED, { loss: 'kd', temperature: 2 }),
    imagenet: single('standardized', STANDARDIZED, { loss: 'kd', temperature: 2 }),
  },
  'standardized-dkd': {
    source: 'sunshangquan/logit-standardization-KD: --logit-stand --base-temp 2 --kd-weight 9, with the warm-up of DKD',
    cifar100: single(
      'standardized',
      1,
      { loss: 'dkd', alpha: STANDARDIZED, beta: dkdBeta(STANDARDIZED), temperature: 2 },
      fromOne(20),
    ),
  },
  mlkd: {
    source: 'Jin-Ying/Multi-Level-Logit-Distillation: mdistiller/distillers/KD_ours.py',
    cifar100: { ...MLKD, labelWeight: 0.1, terms: [{ loss: 'mlkd', weight: 0.9, options: { variant: 'release' } }] },
    imagenet: {
      ...MLKD,
      labelWeight: 0.5,
      terms: [{ loss: 'mlkd', weight: 0.5, options: { variant: 'release', temperatures: [1, 3, 5, 2, 6] } }],
    },
  },
  ttm: {
    source: 'zkxufo/TTM: an example of its README; weights are tuned for each pair',
    cifar100: single('ttm', 45, { gamma: 0.1 }),
  },
  'wttm-crd': {
    source: 'zkxufo/TTM: an example of its README; weights are tuned for each pair',
    cifar100: {
      labelWeight: 1,
      terms: [
        { loss: 'wttm', weight: 4, options: { gamma: 0.2 } },
        { loss: 'crd', weight: 0.8, options: { negatives: 16384 } },
      ],
    },
  },
  rld: {
    source: 'zju-SWJ/RLD: mdistiller/distillers/RLD.py and the command of its README (--same-t)',
    cifar100: single('rld', 1, { alpha: 1, beta: 8, temperature: 4, confidenceTemperature: 4 }, fromOne(20)),
    imagenet: single('rld', 1, { alpha: 1, beta: IMAGENET_BETA, temperature: 1 }, fromOne(1)),
  },
} as const satisfies Readonly<Record<string, Publication>>
