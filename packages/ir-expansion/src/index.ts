export {
  inverseReparameterization,
  INVERSE_REPARAMETERIZATION_OPTIONS,
  type InverseReparameterizationOptions,
} from './inverse-reparameterization.ts'
export { expanderKind, type Expander, type ViewOptions } from './expander.ts'
export { expand, type ExpandOptions } from './expand.ts'
export { branchParameters, initializeWide, liftParameters, liftStatistics, teacherView } from './lift.ts'
export type { Noise } from './noise.ts'
export { tileChannels } from './tile.ts'
export type { BranchSet, BranchSite, BranchTensor, BranchTensors } from './branches/branch-set.ts'
export { keepsSize } from './branches/branch-set.ts'
export { lowRank, type LowRankOptions } from './branches/low-rank.ts'
export { orepa, OREPA_OPTIONS, type OrepaBranchName, type OrepaOptions } from './branches/orepa.ts'
export type { OrepaVariant } from './branches/orepa-branch.ts'
export {
  mergeBranches,
  storageScale,
  studentScale,
  type BranchMerge,
  type Expansion,
  type Parameterization,
  type StoredParameter,
} from './expansion/expansion.ts'
