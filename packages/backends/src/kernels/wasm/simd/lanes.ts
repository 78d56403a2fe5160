import { f32, f32x4, type Code } from './instructions.ts'

/** Arithmetic on one float or on four at once. */
export interface Lanes {
  readonly width: 1 | 4
  readonly zero: Code
  load(address: Code, offset?: number): Code
  /** One float, for every lane. */
  loadEach(address: Code, offset?: number): Code
  store(address: Code, value: Code, offset?: number): Code
  add(a: Code, b: Code): Code
  sub(a: Code, b: Code): Code
  mul(a: Code, b: Code): Code
  /** `value` where `condition > 0`, else 0. */
  where(condition: Code, value: Code): Code
}

export const FOUR: Lanes = {
  width: 4,
  ...f32x4,
  loadEach: f32x4.loadSplat,
  where: (condition, value) => f32x4.and(f32x4.greaterThan(condition, f32x4.zero), value),
}

export const ONE: Lanes = {
  width: 1,
  ...f32,
  loadEach: f32.load,
  where: (condition, value) => f32.select(value, f32.zero, f32.greaterThan(condition, f32.zero)),
}
