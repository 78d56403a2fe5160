import type * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { isRecord, show } from '../options/show.ts'
import type { Shape } from '../shape.ts'
import type { FieldSpec } from '../fields.ts'
import { checkArgument, fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import type { Members } from '../options/members.ts'
import { needed, optional, type Filled, type Given, type OptionTable } from '../options/option.ts'
import type { ChannelGroups } from '../axes/channel-groups.ts'
import type { Axis, ChannelLayout } from '../axes/axes.ts'
import type { Initializer } from '../axes/parameters.ts'
import type { RandomStream } from '../random/random-stream.ts'

/** What is known when the output of an op is inferred. */
export interface InferContext<A> {
  /** The node's id: the name of the channel group it may start. */
  readonly node: string
  readonly attributes: A
  readonly inputs: readonly (FieldSpec & { readonly channels: ChannelLayout })[]
  readonly groups: ChannelGroups
}

/** A parameter as the op declares it; its name is completed by the node's. */
export interface OpParameter {
  readonly name: string
  readonly axes: readonly Axis[]
  readonly initializer: Initializer
  readonly decay: boolean
}

export interface OpStatistic {
  readonly name: string
  readonly axes: readonly Axis[]
  readonly initial: number
}

export interface Inferred {
  readonly shape: Shape
  readonly channels: ChannelLayout
  readonly parameters?: readonly OpParameter[]
  readonly statistics?: readonly OpStatistic[]
  /** Multiply-adds of one forward pass for one sample, where they count. */
  readonly multiplyAdds?: number
  /**
   * For an op that normalizes a channel by the moments of its values in the batch: how many of them one sample has. A batch needs
   * more than one.
   */
  readonly momentsOver?: number
}

export interface ApplyContext<A> {
  readonly attributes: A
  readonly inputs: readonly tf.Tensor[]
  /** Tensors under the short names that `infer` declared. */
  readonly parameters: Readonly<Record<string, tf.Tensor>>
  readonly statistics: Readonly<Record<string, tf.Tensor>>
  readonly training: boolean
  /** Random numbers of this node in this step; only there in training mode. */
  readonly random: () => RandomStream
  /** Reports the new value of a statistic; call it outside the tape (no gradient flows through statistics). */
  readonly update: (statistic: string, value: tf.Tensor) => void
}

/** A kind of node: everything about it, in one file. */
export interface OpDefinition<A> {
  /** As written in a network's data, camelCase: `'conv2d'`. */
  readonly name: string
  /** How many inputs it takes; `[2, Infinity]` for two or more. Default one. */
  readonly arity?: readonly [least: number, most: number]
  /** What it reads: only `embedding` reads whole numbers, which have no channels. Default `'float32'`. */
  readonly dtype?: FieldSpec['dtype']
  /**
   * The one declaration of its attributes: their checks, defaults and types, and what `network.json` may hold. Default none.
   */
  readonly attributes?: OptionTable
  /** Short names of tensors that `apply` takes beside the parameters, where a view gives them. */
  readonly optional?: readonly string[]
  infer(context: InferContext<A>): Inferred
  apply(context: ApplyContext<A>): tf.Tensor
  /** Attributes that count channels, multiplied for an expanded network. Most ops have none. */
  widen?(attributes: A, ratios: { readonly input: number; readonly output: number }): A
}

/**
 * Several nodes computed together, in fewer passes over memory. Each of them is read only by the next one, and the
 * results are the same as one by one.
 */
export interface Fusion {
  /** Ops of the nodes, the first one first. */
  readonly ops: readonly string[]
  /**
   * @param context of the first node; the others have neither parameters nor statistics
   * @param others what else the nodes after the first one read, in order: at most one tensor each
   */
  apply(context: ApplyContext<Readonly<Record<string, unknown>>>, others: readonly tf.Tensor[]): tf.Tensor
}

/** An op with its attributes: what a node of a network holds. */
export interface OpCall {
  readonly op: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Attributes may be left out as a whole where none of them is needed. */
type Arguments<Input> = Record<never, never> extends Input ? [attributes?: Input] : [attributes: Input]

/** @throws GpdError `config.invalid` for an op that is not called, such as `relu` for `relu()` */
export function checkCall(id: string, op: unknown): void {
  if (isRecord(op) && typeof op['op'] === 'string' && isRecord(op['attributes'])) return
  const fix = typeof op === 'function' ? `Call it: ${op.name}().` : 'Call an op, such as relu().'
  throw new GpdError('config.invalid', `Node '${id}': expected an op with its attributes, got ${show(op)}.`, fix)
}

export interface Op<A, Input = A> extends OpDefinition<A> {
  (...attributes: Arguments<Input>): OpCall
}

/** The table of an op without attributes. */
export type NoAttributes = Record<never, never>

/**
 * An op's attributes, checked, with every default filled in.
 *
 * @throws GpdError `config.unknown-key` for a mistyped one, `config.invalid` for a value that is not accepted,
 *   `config.missing` for one that has no default
 */
export const fillAttributes = (
  where: string,
  { attributes = {} }: Pick<OpDefinition<never>, 'attributes'>,
  given: OpCall['attributes'] | undefined,
): OpCall['attributes'] => fillOptions(where, attributes, given)

const DEFINITION: Members<OpDefinition<never>> = {
  name: needed(kinds.text),
  arity: optional(
    kinds.listOf(
      kinds.number('a number', () => true),
      { length: 2 },
    ),
  ),
  dtype: optional(kinds.oneOf('float32', 'int32')),
  attributes: optional(kinds.object),
  optional: optional(kinds.listOf(kinds.text, { least: 0 })),
  infer: needed(kinds.functionOf()),
  apply: needed(kinds.functionOf()),
  widen: optional(kinds.functionOf()),
}

const definitions = kinds.members('{ name, infer, apply }', DEFINITION)

/**
 * Makes an op from its definition. The result is called to place it in a network; the call checks the attributes.
 *
 * @example g.add('conv1', conv2d({ filters: 16, kernelSize: 3 }), 'image')
 * @example
 * const ATTRIBUTES = { slope: option(kinds.nonNegative, 0.1) }
 * const leaky = defineOp({
 *   name: 'leaky',
 *   attributes: ATTRIBUTES,
 *   infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
 *   apply: ({ attributes, inputs }) => tf.leakyRelu(inputs[0]!, attributes.slope),
 * })
 */
export function defineOp<Table extends OptionTable = NoAttributes>(
  definition: OpDefinition<Filled<Table>> & { readonly attributes?: Table },
): Op<Filled<Table>, Given<Table>> {
  checkArgument('defineOp', 'definition', definitions, definition)
  const call = (given?: Given<Table>): OpCall => ({
    op: definition.name,
    attributes: fillAttributes(definition.name, definition, given),
  })
  // A function's own `name` is read-only unless redefined.
  return Object.defineProperties(call as object, Object.getOwnPropertyDescriptors(definition)) as ReturnType<
    typeof defineOp<Table>
  >
}
