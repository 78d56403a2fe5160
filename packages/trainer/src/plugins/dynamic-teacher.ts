import * as tf from '@tensorflow/tfjs'
import { initializeStatistics, mapRecord, type DistillationLoss, type Expansion, type Schedule } from '@gpdjs/core'
import { channelBranchReparameterization, type Extractor } from '@gpdjs/cbr-reparam'
import type { Expander } from '@gpdjs/ir-expansion'
import { softCrossEntropy } from '@gpdjs/kd-losses'
import type { Plugin, RunSetup } from '../pipeline/plugin.ts'
import { scopeOf } from '../pipeline/scope.ts'

export interface DynamicTeacherOptions {
  /** How the student is expanded: `inverseReparameterization({ ratio: 2, branches: orepa() })`. */
  readonly expander: Expander
  /** `hard`: the student is a view of the dynamic teacher's tensors. `none`: it keeps its own. Default `hard`. */
  readonly sharing?: 'hard' | 'none'
  /** `inverse`: begins as the same function as the student. `none`: a wide network drawn by itself. Default `inverse`. */
  readonly mapping?: 'inverse' | 'none'
  /** How the student is read off the shared tensors. */
  readonly extractor?: Extractor
  /** What the dynamic teacher teaches the student with. Default soft cross-entropy with smoothing 0.1. */
  readonly loss?: DistillationLoss
  /** Default 3. */
  readonly weight?: Schedule
  /** Default `dynamic-teacher`. */
  readonly name?: string
}

/** The student keeps tensors of its own: those it was given, or the ones that compute what the dynamic teacher does. */
function ownTensors(run: RunSetup, expansion: Expansion, view: () => Record<string, tf.Tensor>): void {
  const { student } = expansion
  const tensors = tf.tidy(() => mapRecord(view(), (tensor) => tf.clone(tensor)))
  run.replaceStudent({ network: student }, { name: run.student.name, tensors, specs: student.parameters })
}

/**
 * The dynamic teacher of Gap Preserving Distillation: the student made wider, trained beside it by the task (and
 * from a static teacher, if there is one), and teaching it.
 *
 * @throws GpdError `config.invalid` for an invalid ratio
 * @example dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })
 * @see Guo et al., "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025
 */
export function dynamicTeacher(options: DynamicTeacherOptions): Plugin {
  const { sharing = 'hard', mapping = 'inverse', weight = 3, name = 'dynamic-teacher' } = options
  const extractor = options.extractor ?? channelBranchReparameterization()
  const loss = options.loss ?? softCrossEntropy({ smoothing: 0.1 })
  return {
    name,
    specVersion: 1,
    setup(run) {
      const mapped = mapping === 'inverse'
      const expansion = options.expander.expand(run.network)
      const tensors = mapped
        ? options.expander.lift(expansion, run.studentParameters, run.seed)
        : options.expander.initialize(expansion, run.seed)
      run.addTensors({ name, tensors, specs: expansion.stored })
      run.addActor({
        name,
        network: expansion.teacher,
        role: 'learner',
        parameters: (all, batch) => options.expander.teacherView(expansion, scopeOf(name, all), { batch }),
        statistics: mapped
          ? options.expander.liftStatistics(expansion, run.student.statistics)
          : initializeStatistics(expansion.teacher.statistics),
      })
      if (sharing === 'hard') {
        run.replaceStudent({
          network: expansion.student,
          parameters: (all) => extractor.studentView(expansion, scopeOf(name, all)),
        })
      } else if (mapped) {
        ownTensors(run, expansion, () => extractor.studentView(expansion, tensors))
      }
    },
    connect(run) {
      run.addDistillation({ student: run.student.name, teacher: name, loss, weight })
    },
  }
}
