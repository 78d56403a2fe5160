import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  initializeStatistics,
  kinds,
  lossKind,
  mapRecord,
  needed,
  option,
  optional,
  scheduleKind,
  unfreeze,
  type Given,
  type Network,
} from '@gpdjs/core'
import { channelBranchReparameterization, extractorKind } from '@gpdjs/cbr-reparam'
import { expanderKind, type Expansion } from '@gpdjs/ir-expansion'
import { binaryKd, softCrossEntropy } from '@gpdjs/kd-losses'
import type { Plugin, RunSetup } from '../pipeline/plugin.ts'
import { scopeOf } from '../scope.ts'

export const DYNAMIC_TEACHER_OPTIONS = {
  /** How the student is expanded: `inverseReparameterization({ ratio: 2, branches: orepa() })`. */
  expander: needed(expanderKind),
  /** `hard`: the student is a part of the dynamic teacher's tensors. `none`: it has its own (default `hard`). */
  sharing: option(kinds.oneOf('hard', 'none'), 'hard'),
  /** `inverse`: both begin as the same function. `none`: the dynamic teacher is drawn by itself (default `inverse`). */
  mapping: option(kinds.oneOf('inverse', 'none'), 'inverse'),
  /** How the student is read off the shared tensors (default: `channelBranchReparameterization()`). */
  extractor: optional(extractorKind),
  /** What it teaches the student with (default: soft cross-entropy with smoothing 0.1; of labels that hold or not, `binaryKd()`). */
  loss: optional(lossKind),
  /** Weight of that loss, a number or a schedule (default 3). */
  weight: option(scheduleKind, 3),
  /** What the plugin and its actor are called (default `dynamic-teacher`). */
  name: option(kinds.text, 'dynamic-teacher'),
}

export type DynamicTeacherOptions = Given<typeof DYNAMIC_TEACHER_OPTIONS>

/** What it teaches with where nothing is said. */
const LOSSES = { categorical: () => softCrossEntropy({ smoothing: 0.1 }), bernoulli: () => binaryKd() } as const

/** The student keeps tensors of its own: those it was given, or the ones that compute what the dynamic teacher does. */
function ownTensors(run: RunSetup, expansion: Expansion, view: () => Record<string, tf.Tensor>): void {
  const { student } = expansion
  const tensors = tf.tidy(() => mapRecord(view(), (tensor) => tf.clone(tensor)))
  run.replaceStudent({ network: student }, { name: run.student.name, tensors, specs: student.parameters })
}

/**
 * The network that is expanded. Drawn by itself, a dynamic teacher has nothing of the student to keep: then all of it trains.
 *
 * @throws GpdError `config.invalid` for frozen nodes of a student that would be drawn anew
 */
function expandedNetwork(
  run: RunSetup,
  { sharing, mapping }: Pick<DynamicTeacherOptions, 'sharing' | 'mapping'>,
): Network {
  const frozen = run.network.parameters.find(({ trainable }) => trainable === false)
  if (frozen === undefined || mapping === 'inverse') return run.network
  if (sharing === 'none') return unfreeze(run.network)
  throw new GpdError(
    'config.invalid',
    `dynamicTeacher: mapping: expected 'inverse' for a student with frozen nodes, got 'none': '${frozen.node}' would be drawn anew.`,
    "Use mapping: 'inverse', sharing: 'none', or unfreeze(network).",
  )
}

/**
 * The dynamic teacher of Gap Preserving Distillation: the student made wider, trained beside it by the task (and
 * from a static teacher, if there is one), and teaching it.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`
 * @example dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })
 * @see Guo et al., "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025
 */
export function dynamicTeacher(options: DynamicTeacherOptions): Plugin {
  const { expander, sharing, mapping, weight, name, ...given } = fillOptions(
    'dynamicTeacher',
    DYNAMIC_TEACHER_OPTIONS,
    options,
  )
  const { extractor = channelBranchReparameterization() } = given
  return {
    name,
    specVersion: 1,
    setup(run) {
      const mapped = mapping === 'inverse'
      const expansion = expander.expand(expandedNetwork(run, { sharing, mapping }))
      const tensors = mapped
        ? expander.lift(expansion, run.studentParameters, run.seed)
        : expander.initialize(expansion, run.seed)
      run.addTensors({ name, tensors, specs: expansion.stored })
      run.addActor({
        name,
        network: expansion.teacher,
        role: 'learner',
        parameters: (all, batch) => expander.teacherView(expansion, scopeOf(name, all), { batch }),
        statistics: mapped
          ? expander.liftStatistics(expansion, run.student.statistics)
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
      const { loss = LOSSES[run.task.distribution ?? 'categorical']() } = given
      run.addDistillation({ student: run.student.name, teacher: name, loss, weight })
    },
  }
}
