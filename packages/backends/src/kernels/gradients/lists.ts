import type * as tf from '@tensorflow/tfjs'
import { gradientRepair, type GradientRepair } from './gradient-repair.ts'

type List = tf.Tensor | tf.Tensor[]

/** The engine hands a list of one gradient over as that gradient. */
const ofList = (kernel: string): GradientRepair =>
  gradientRepair<tf.NamedAttrMap, tf.Tensor[], List>({
    kernel,
    problem: 'throws where the result is a list of one',
    create: (stock) => (dys, saved, attrs) => stock!(Array.isArray(dys) ? dys : [dys], saved, attrs),
  })

export const splitV = ofList('SplitV')
export const unpack = ofList('Unpack')
