import { z } from 'zod'

const positive = z.int().min(1)
const share = z.number().min(0).max(1)
/** A share that must not be all. */
const fraction = z.number().min(0).lt(1)
const nonNegative = z.number().min(0)

/** A number ≥ 0, or one that changes over the run. */
const schedule = z.union([
  nonNegative,
  z.strictObject({
    kind: z.enum(['constant', 'cosine', 'linear', 'multiStep', 'stepDecay']),
    start: nonNegative,
    end: nonNegative.optional(),
    milestones: z.array(share).optional(),
    every: share.optional(),
    factor: nonNegative.optional(),
    /** Share of the run over which the value rises. */
    warmUp: share.optional(),
  }),
])

/** A distillation loss by its name in `@gpdjs/kd-losses`, with that loss's own options beside it. */
const loss = z.looseObject({ name: z.string() })

/** One of several, with a weight of its own. */
const weightedLoss = z.looseObject({ name: z.string(), weight: schedule })

/** A method with the numbers that its authors published, in place of losses and weights. */
const published = z.strictObject({
  method: z.string(),
  data: z.enum(['cifar100', 'imagenet']),
  pair: z.string().optional(),
  options: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
})

/** A part of the method, or `false` where an arm of a study switches off what its base has. */
const switchable = <S extends z.ZodType>(part: S) => z.union([z.literal(false), part]).default(false as never)

const branches = z.union([
  z.enum(['none', 'orepa']),
  z.strictObject({
    kind: z.literal('orepa').default('orepa'),
    variant: z.enum(['release', 'original']).optional(),
    branches: z.union([z.int(), z.array(z.string())]).optional(),
    gates: z.enum(['scratch', 'single']).optional(),
    bias: z.boolean().optional(),
  }),
])

const dynamicTeacher = z.strictObject({
  ratio: positive.default(2),
  sharing: z.enum(['hard', 'none']).default('hard'),
  mapping: z.enum(['inverse', 'none']).default('inverse'),
  branches: branches.default('orepa'),
  parameterization: z.enum(['reference', 'balanced']).default('reference'),
  gradientScale: z.enum(['reference', 'compensated']).default('reference'),
  noise: z.strictObject({ kind: z.enum(['zero-sum', 'iid']), deviation: nonNegative }).optional(),
  loss: loss.default({ name: 'soft-cross-entropy', smoothing: 0.1 }),
  weight: schedule.default(3),
})

const optimizer = z.strictObject({
  name: z.enum(['sgd', 'adamw']).default('sgd'),
  learningRate: schedule.default({ kind: 'cosine', start: 0.1 }),
  momentum: fraction.optional(),
  nesterov: z.boolean().optional(),
  decoupled: z.boolean().optional(),
  beta1: fraction.optional(),
  beta2: fraction.optional(),
  epsilon: z.number().positive().optional(),
  weightDecay: nonNegative.optional(),
  decay: z.enum(['weights', 'all']).optional(),
  clipGlobalNorm: z.number().positive().optional(),
})

/** Everything a run is made of. `gpd train --config FILE` reads it; docs/configuration.md describes it. */
export const configSchema = z.strictObject({
  student: z.strictObject({ network: z.string(), width: positive.optional(), weights: z.string().optional() }),
  data: z.strictObject({
    directory: z.string(),
    classes: positive.default(10),
    validation: positive.default(5000),
    limitTrain: positive.optional(),
    augment: switchable(z.strictObject({ padding: z.int().min(0).default(4), flip: z.boolean().default(true) })),
    strong: switchable(
      z.strictObject({ operations: z.int().min(0).default(2), magnitude: z.number().min(0).max(30).default(10) }),
    ),
  }),
  teacher: switchable(
    z.strictObject({
      weights: z.string(),
      loss: z.union([loss, z.array(weightedLoss).min(1)]).default({ name: 'dkd' }),
      weight: schedule.default(1),
      published: published.optional(),
    }),
  ),
  dynamicTeacher: switchable(dynamicTeacher),
  ema: switchable(z.strictObject({ decay: fraction.optional(), warmUp: z.boolean().optional() })),
  optimizer: optimizer.prefault({}),
  epochs: positive.default(10),
  batchSize: positive.default(64),
  accumulate: positive.default(1),
  patience: positive.optional(),
  labelWeight: schedule.default(1),
  labelViews: z.array(z.string()).default([]),
  seed: z.int().default(42),
  backend: z.string().default('auto'),
  output: z.string().optional(),
})

/** As written in a file: defaults may be left out. */
export type ConfigInput = z.input<typeof configSchema>
/** With every default filled in. */
export type Config = z.output<typeof configSchema>

/** Named variations of one configuration, each trained with every seed. */
export const studySchema = z.strictObject({
  base: z.record(z.string(), z.unknown()),
  /** The arm that the others are compared to. Default the first. */
  baseline: z.string().optional(),
  seeds: z.array(z.int()).min(1).default([0, 1, 2]),
  /** What each arm changes in `base`; objects are merged, everything else replaces. */
  arms: z.record(z.string(), z.record(z.string(), z.unknown())),
})

export type StudyInput = z.input<typeof studySchema>
export type Study = z.output<typeof studySchema>
