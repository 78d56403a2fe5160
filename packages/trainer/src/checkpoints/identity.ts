import * as tf from '@tensorflow/tfjs'
import {
  digestOf,
  isRecord,
  networkDefinition,
  TFJS_VERSION,
  type BatchSource,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import type { PlannedLoop } from '../loop/plan-loop.ts'
import { scalarsAt } from '../loop/scalars-at.ts'

/** What a run is, beside how far it has come: a run that is resumed must be the same. */
export interface RunIdentity {
  readonly seed: number
  readonly task: string
  readonly optimizer: string
  readonly epochs: number
  readonly batchSize: number
  readonly accumulate: number
  readonly samples: number
  /** Digests of the networks of all actors. */
  readonly networks: Readonly<Record<string, string | null>>
  /** Digest of all tensors that are never trained: the weights of static teachers. */
  readonly constants: string | null
  /** Weights of all loss terms in the next step. */
  readonly weights: Readonly<Record<string, number>>
  /** Learning rates of the next step. */
  readonly rates: Readonly<Record<string, number>>
  /** Digests of the data; null where there is none. */
  readonly data: { readonly train: string | null; readonly validation: string | null }
  /** What numbers are computed by: another one may round differently. */
  readonly environment: { readonly backend: string; readonly tfjs: string }
}

const digestOfNetwork = async (network: Network): Promise<string | null> =>
  (await digestOf([JSON.stringify(networkDefinition(network))])) ?? null

/** Names, shapes and values, whatever the order. */
async function digestOfTensors(record: TensorRecord): Promise<string | null> {
  const pieces: (string | ArrayBufferView)[] = []
  for (const name of Object.keys(record).sort()) {
    const tensor = record[name]!
    pieces.push(`${name} ${tensor.dtype} ${tensor.shape.join()}`, await tensor.data())
  }
  return (await digestOf(pieces)) ?? null
}

/** The part of an identity that takes time. */
export type Digests = Pick<RunIdentity, 'networks' | 'constants' | 'data'>

export async function digestsOf(
  { pipeline }: Pick<PlannedLoop, 'pipeline'>,
  { train, validation }: { readonly train: BatchSource; readonly validation?: BatchSource | undefined },
): Promise<Digests> {
  const networks = pipeline.actors.map(async ({ name, network }) => [name, await digestOfNetwork(network)] as const)
  const fingerprint = async (source: BatchSource | undefined) => (await source?.fingerprint?.()) ?? null
  return {
    networks: Object.fromEntries(await Promise.all(networks)),
    constants: await digestOfTensors(pipeline.constants),
    data: { train: await fingerprint(train), validation: await fingerprint(validation) },
  }
}

/** @param step that is next: schedules are compared by what they say for it */
export function identityOf(loop: PlannedLoop, digests: Digests, step: number): RunIdentity {
  const { pipeline, optimizer, source, seed, epochs, batchSize, accumulate, totalSteps } = loop
  return {
    seed,
    task: pipeline.task.name,
    optimizer: optimizer.name,
    epochs,
    batchSize,
    accumulate,
    samples: source.size,
    ...digests,
    weights: scalarsAt(loop, step).weights,
    rates: optimizer.rates({ step, totalSteps }),
    environment: { backend: tf.getBackend(), tfjs: TFJS_VERSION },
  }
}

/** `epochs: 10 → 20`, one line for each entry that differs. Null is unknown, and differs from nothing. */
export function differences(before: unknown, now: unknown, path = ''): string[] {
  if (isRecord(before) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    return keys.flatMap((key) => differences(before[key], now[key], path === '' ? key : `${path}.${key}`))
  }
  if (before === null || now === null || Object.is(before, now)) return []
  const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value))
  return [`${path}: ${shown(before)} → ${shown(now)}`]
}
