import { GpdError } from '../errors.ts'
import type { ChannelLayout } from './axes.ts'

/**
 * Channel groups, inferred by union-find: channels that must be expanded together.
 *
 * An addition joins the groups of its inputs, a depthwise convolution joins input and output, a convolution starts a
 * new group. The group of the image and the group of the logits are fixed.
 */
export class ChannelGroups {
  readonly #parent = new Map<string, string>()
  readonly #order = new Map<string, number>()
  readonly #fixed = new Set<string>()

  /** A new group, named after the node that starts it. */
  start(name: string, size: number): ChannelLayout {
    this.#parent.set(name, name)
    if (!this.#order.has(name)) this.#order.set(name, this.#order.size)
    return [{ size, group: name, repeat: 1 }]
  }

  /** The representative of a group: the member that was started first. */
  find(name: string): string {
    let root = name
    for (;;) {
      const parent = this.#parent.get(root)
      if (parent === undefined) throw new GpdError('network.invalid', `Channel group '${name}' does not exist.`)
      if (parent === root) break
      root = parent
    }
    // The way is not gone twice, or long chains of ties would take quadratic time.
    for (let at = name; at !== root;) {
      const parent = this.#parent.get(at)!
      this.#parent.set(at, root)
      at = parent
    }
    return root
  }

  /** From here on both groups are one. Sizes may differ; it is the expansion ratio that they share. */
  tie(a: string, b: string): void {
    const [first, second] = [this.find(a), this.find(b)]
    if (first === second) return
    const [root, child] = this.#order.get(first)! < this.#order.get(second)! ? [first, second] : [second, first]
    this.#parent.set(child, root)
    if (this.#fixed.has(child)) this.#fixed.add(root)
  }

  /** Ties two layouts that must stay equal channel by channel, and returns what they have become. */
  join(layouts: readonly ChannelLayout[]): ChannelLayout {
    const [first, ...rest] = layouts
    for (const other of rest) {
      const aligned =
        other.length === first!.length &&
        other.every((segment, i) => segment.size === first![i]!.size && segment.repeat === first![i]!.repeat)
      // Tiling a concatenation and tiling a plain block order the channels differently: neither may be expanded.
      if (!aligned) for (const layout of [first!, other]) this.fix(layout)
      else other.forEach((segment, i) => this.tieNullable(segment.group, first![i]!.group))
    }
    return first!
  }

  /** Makes every segment of a layout share one ratio. */
  tieAll(layout: ChannelLayout): ChannelLayout {
    for (const segment of layout) this.tieNullable(segment.group, layout[0]!.group)
    return layout
  }

  /** The channels that a node makes share the ratio of those it reads (heads with heads, groups with groups). */
  follow(made: ChannelLayout, read: ChannelLayout): void {
    for (const { group } of made) this.tieNullable(group, this.tieAll(read)[0]!.group)
  }

  private tieNullable(a: string | null, b: string | null): void {
    if (a !== null && b !== null) this.tie(a, b)
    else if (a !== null) this.#fixed.add(this.find(a))
    else if (b !== null) this.#fixed.add(this.find(b))
  }

  /** These channels keep their number in every expansion. */
  fix(layout: ChannelLayout): void {
    for (const { group } of layout) if (group !== null) this.#fixed.add(this.find(group))
  }

  isFixed(name: string): boolean {
    return this.#fixed.has(this.find(name))
  }

  /** The groups that may be expanded, in the order in which they start. */
  expandable(): string[] {
    return [...new Set([...this.#parent.keys()].map((name) => this.find(name)))].filter(
      (name) => !this.#fixed.has(name),
    )
  }

  /** A layout under its final names: representatives, and `null` for fixed channels. */
  resolve(layout: ChannelLayout): ChannelLayout {
    return layout.map((segment) => {
      if (segment.group === null) return segment
      const group = this.find(segment.group)
      return { ...segment, group: this.#fixed.has(group) ? null : group }
    })
  }
}
