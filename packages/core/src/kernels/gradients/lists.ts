import { repairOf, type GradientRepair } from './gradient-repair.ts'

/** The engine hands a list of one gradient over as that gradient. */
const ofList = (kernel: string): GradientRepair =>
  repairOf(
    kernel,
    'throws where the result is a list of one',
    (stock) => (dys, saved, attrs) => stock(Array.isArray(dys) ? dys : [dys], saved, attrs),
  )

export const splitV = ofList('SplitV')
export const unpack = ofList('Unpack')
