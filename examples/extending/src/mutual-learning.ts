import { initializeParameters, initializeStatistics, type Network, type Schedule } from '@gpdjs/core'
import { kd } from '@gpdjs/kd-losses'
import { scopeOf, type Plugin } from '@gpdjs/trainer'

export interface MutualLearningOptions {
  /** The network that is trained beside the student; any one with the same classes. */
  readonly peer: Network
  /** Default 1. */
  readonly weight?: Schedule
}

/**
 * Two students that teach each other, with no trained teacher: each learns from the labels and from what the other
 * predicts.
 *
 * @see Zhang et al., "Deep Mutual Learning", CVPR 2018
 */
export function mutualLearning({ peer, weight = 1 }: MutualLearningOptions): Plugin {
  const [name, loss] = ['peer', kd({ temperature: 1 })]
  return {
    name: 'mutual-learning',
    specVersion: 1,
    setup(run) {
      // Another seed than the student's: equal networks would begin as one.
      run.addTensors({ name, tensors: initializeParameters(peer.parameters, run.seed + 1), specs: peer.parameters })
      run.addActor({
        name,
        network: peer,
        role: 'learner',
        parameters: (tensors) => scopeOf(name, tensors),
        statistics: initializeStatistics(peer.statistics),
      })
    },
    connect(run) {
      run.addDistillation({ student: run.student.name, teacher: name, loss, weight })
      run.addDistillation({ student: name, teacher: run.student.name, loss, weight })
    },
  }
}
