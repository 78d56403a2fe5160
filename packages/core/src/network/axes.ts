/**
 * Labels for the axes of parameters: which channels an axis runs over, and what it does to them.
 *
 * Inverse Reparameterization and Channel-Branch Reparameterization are written against these labels only, never
 * against kinds of layers.
 */

/** A stretch of an axis: `repeat` blocks of `size / repeat` channels, all of one channel group. */
export interface AxisSegment {
  /** Entries of this stretch, all repeats included. */
  readonly size: number
  /** The channel group, or `null` for channels that belong to none. */
  readonly group: string | null
  /** How often the group's channels stand one after another, for example `height · width` after flatten. */
  readonly repeat: number
}

/** What runs along the last axis of a feature map: usually one segment, several after a concatenation. */
export type ChannelLayout = readonly AxisSegment[]

/**
 * - `input`: summed over (the input channels of a kernel); replicas share its weight
 * - `output`: the channels a kernel makes, or the bias added to them
 * - `channel`: one entry per channel that acts on that channel alone (batch-norm scale, depthwise kernel)
 * - `fixed`: no channels (kernel height, class count)
 */
export type AxisRole = 'input' | 'output' | 'channel' | 'fixed'

export interface Axis {
  readonly role: AxisRole
  readonly segments: ChannelLayout
}

/** Whether expansion repeats the channels of an axis as a whole: one group, without repeats. */
export const isPlainAxis = ({ segments }: Axis): boolean => segments.length === 1 && segments[0]!.repeat === 1

/** Expansion ratio of each channel group; a group that is absent keeps its width. */
export type GroupRatios = Readonly<Record<string, number>>

export const fixedAxis = (size: number): Axis => ({ role: 'fixed', segments: [{ size, group: null, repeat: 1 }] })
export const inputAxis = (segments: ChannelLayout): Axis => ({ role: 'input', segments })
export const outputAxis = (segments: ChannelLayout): Axis => ({ role: 'output', segments })
export const channelAxis = (segments: ChannelLayout): Axis => ({ role: 'channel', segments })

export const layoutSize = (layout: ChannelLayout): number => layout.reduce((sum, segment) => sum + segment.size, 0)
export const axisSize = (axis: Axis): number => layoutSize(axis.segments)

export const segmentRatio = (segment: AxisSegment, ratios: GroupRatios): number =>
  segment.group === null ? 1 : (ratios[segment.group] ?? 1)

/** The same axis in the expanded network. */
export const widenAxis = (axis: Axis, ratios: GroupRatios): Axis => ({
  ...axis,
  segments: axis.segments.map((segment) => ({ ...segment, size: segment.size * segmentRatio(segment, ratios) })),
})

/**
 * Product of the ratios of all axes with a role. A layout may mix groups, but then all must share one ratio for this
 * number to exist; expansions that would break this are refused where they are planned.
 */
export function roleRatio(axes: readonly Axis[], role: AxisRole, ratios: GroupRatios): number {
  return axes
    .filter((axis) => axis.role === role)
    .reduce((product, axis) => product * segmentRatio(axis.segments[0]!, ratios), 1)
}
