import type { Model } from '@gpdjs/core'
import { cifarResnet } from '@gpdjs/architectures'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { dkd, kd } from '@gpdjs/kd-losses'
import { dynamicTeacher, staticTeacher, type PluginOption } from '@gpdjs/trainer'

const image = { inputShape: [28, 28, 1], classes: 10 } as const

/** Three basic blocks, 4 to 16 channels: small enough that a few thousand images and two cores can train it. */
export const student = cifarResnet({ ...image, blocks: [1, 1, 1], width: 4 })

/** The same, four times as wide. */
export const teacher = cifarResnet({ ...image, blocks: [1, 1, 1], width: 16 })

export interface Arm {
  readonly name: string
  readonly plugins: (teacher: Model) => PluginOption
}

/** How the student is trained. Student, data, optimizer, number of steps and seed are the same for all. */
export const arms: readonly Arm[] = [
  { name: 'student alone', plugins: () => [] },
  { name: 'student + KD', plugins: (trained) => staticTeacher({ ...trained, loss: kd({ temperature: 4 }) }) },
  {
    name: 'student + DKD + GPD',
    plugins: (trained) => [
      staticTeacher({ ...trained, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
      dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
    ],
  },
]
