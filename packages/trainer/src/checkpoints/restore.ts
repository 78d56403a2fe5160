import type * as tf from '@tensorflow/tfjs'
import { GpdError, isRecord, mapRecord, type TensorRecord } from '@gpdjs/core'
import { NOT_JUDGED, type Judged } from '../loop/best-epoch.ts'
import type { PlannedLoop } from '../loop/plan-loop.ts'
import type { EpochRecord, RefusedStep, RunProgress } from '../loop/progress.ts'
import { runningMean, type MeanSum } from '../loop/running-mean.ts'
import { STUDENT } from '../pipeline/pipeline.ts'
import { disposeReplaced, type TrainingState } from '../training-state.ts'
import { ANCHOR, BEST, SCHEMA } from './snapshot.ts'

/** A snapshot as it is read: nothing about it is known yet. */
export interface LoadedSnapshot {
  /** Where it comes from, for messages. */
  readonly source: string
  readonly records: Readonly<Record<string, TensorRecord>>
  readonly position: unknown
}

/** Where in a run, checked. */
export interface Position {
  readonly step: number
  readonly epoch: number
  readonly stepsInEpoch: number
  readonly mean: ReadonlyMap<string, MeanSum>
  readonly history: readonly EpochRecord[]
  readonly best: { readonly epoch: number; readonly metric: string; readonly value: number } | undefined
  readonly since: number
  readonly refused: readonly RefusedStep[]
  readonly anchor: number | undefined
  readonly run: Readonly<Record<string, unknown>>
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isNumber = (value: unknown): value is number => typeof value === 'number'
const isText = (value: unknown): value is string => typeof value === 'string'

/** Reads entries, and throws for the first that is not what it should be. */
class Reader {
  constructor(
    private readonly source: string,
    private readonly json: Readonly<Record<string, unknown>>,
  ) {}

  entry<T>(key: string, parse: (value: unknown) => T | undefined): T {
    const value = Object.hasOwn(this.json, key) ? parse(this.json[key]) : undefined
    if (value !== undefined) return value
    throw new GpdError(
      'checkpoint.corrupt',
      `${this.source}: the entry '${key}' is missing or not what it should be.`,
      'Resume from another checkpoint.',
    )
  }

  optional<T>(key: string, parse: (value: unknown) => T | undefined): T | undefined {
    return this.json[key] === null ? undefined : this.entry(key, parse)
  }
}

const count = (value: unknown) => (isCount(value) ? value : undefined)

/** Every entry of a list, or undefined if one is not what it should be. */
function listOf<T extends object>(parse: (value: unknown) => T | undefined) {
  return (value: unknown): readonly T[] | undefined => {
    const parsed = Array.isArray(value) ? value.map(parse) : [undefined]
    return parsed.every((entry) => entry !== undefined) ? parsed : undefined
  }
}

function parseMean(value: unknown): readonly [string, MeanSum] | undefined {
  const [name, sum, number] = Array.isArray(value) ? (value as unknown[]) : []
  return isText(name) && isNumber(sum) && isCount(number) ? [name, { sum, count: number }] : undefined
}

function parseEpoch(value: unknown): EpochRecord | undefined {
  if (!isRecord(value) || !isCount(value['epoch']) || !isRecord(value['logs'])) return undefined
  const { epoch, logs } = value
  return Object.values(logs).every(isNumber) ? { epoch, logs: logs as EpochRecord['logs'] } : undefined
}

function parseRefused(value: unknown): RefusedStep | undefined {
  if (!isRecord(value) || !isCount(value['step']) || !isText(value['problem'])) return undefined
  return { step: value['step'], problem: value['problem'] }
}

function parseBest(json: unknown): Position['best'] {
  const { epoch, metric, value } = isRecord(json) ? json : {}
  return isCount(epoch) && isText(metric) && isNumber(value) ? { epoch, metric, value } : undefined
}

/** @throws GpdError `checkpoint.corrupt`; `checkpoint.incompatible` for one of a later version of this package */
export function parsePosition({ source, position }: LoadedSnapshot): Position {
  const reader = new Reader(source, isRecord(position) ? position : {})
  const schema = reader.entry('schema', count)
  if (schema > SCHEMA)
    throw new GpdError(
      'checkpoint.incompatible',
      `${source}: expected a checkpoint of version ${SCHEMA} or earlier, got version ${schema}.`,
      'Resume with the version of @gpdjs/trainer that wrote it, or a later one.',
    )
  return {
    step: reader.entry('step', count),
    epoch: reader.entry('epoch', count),
    stepsInEpoch: reader.entry('stepsInEpoch', count),
    mean: new Map(reader.entry('mean', listOf(parseMean))),
    history: reader.entry('history', listOf(parseEpoch)),
    best: reader.optional('best', parseBest),
    since: reader.entry('since', count),
    refused: reader.entry('refused', listOf(parseRefused)),
    anchor: reader.optional('anchor', count),
    run: reader.entry('run', (value) => (isRecord(value) ? value : undefined)),
  }
}

const described = ({ dtype, shape }: tf.Tensor) => `${dtype} [${shape.join(', ')}]`

/** @throws GpdError `checkpoint.incompatible` unless the record has the same tensors as the one that is expected */
function sameTensors(
  { source, records }: LoadedSnapshot,
  name: string,
  expected: TensorRecord,
): Record<string, tf.Tensor> {
  const found: TensorRecord = records[name] ?? {}
  const names = new Set([...Object.keys(expected), ...Object.keys(found)])
  for (const tensor of names) {
    const [wanted, got] = [expected[tensor], found[tensor]].map((each) => (each ? described(each) : 'nothing'))
    if (wanted === got) continue
    const problem = `${source}: ${name}: expected '${tensor}' as ${wanted}, got ${got}.`
    throw new GpdError(
      'checkpoint.incompatible',
      problem,
      'Resume with the networks, losses and optimizer of that run.',
    )
  }
  // In the order of the run: sums over all tensors are rounded in that order.
  return mapRecord(expected, (_, tensor) => found[tensor]!)
}

const stateOf = (loaded: LoadedSnapshot, expected: TrainingState, step: number, prefix = ''): TrainingState => ({
  step,
  trainables: sameTensors(loaded, `${prefix}trainables`, expected.trainables),
  slots: sameTensors(loaded, `${prefix}slots`, expected.slots),
  statistics: sameTensors(loaded, `${prefix}statistics`, expected.statistics),
  states: sameTensors(loaded, `${prefix}states`, expected.states),
})

function judgedOf(loaded: LoadedSnapshot, { best, since }: Position, { pipeline }: PlannedLoop): Judged {
  if (best === undefined) return { ...NOT_JUDGED, since }
  const { network } = pipeline.actors.find(({ name }) => name === STUDENT)!
  const parameters = { ...loaded.records[BEST.parameters] }
  const statistics = { ...loaded.records[BEST.statistics] }
  return { best: { ...best, student: { network, parameters, statistics } }, since }
}

/**
 * Where a run goes on. The tensors of the snapshot become the run's; those of `start` are disposed of.
 *
 * @throws GpdError `checkpoint.incompatible` if its tensors are not those of this run
 */
export function restored(
  loaded: LoadedSnapshot,
  position: Position,
  loop: PlannedLoop,
  start: TrainingState,
): RunProgress {
  const { step, epoch, stepsInEpoch, mean, history, refused, anchor } = position
  const state = stateOf(loaded, start, step)
  const progress: RunProgress = {
    state,
    epoch,
    stepsInEpoch,
    mean: runningMean(mean),
    history,
    judged: judgedOf(loaded, position, loop),
    refused,
    anchor: anchor === undefined ? undefined : stateOf(loaded, start, anchor, ANCHOR),
  }
  disposeReplaced(start)
  return progress
}
