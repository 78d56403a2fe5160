export {
  CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS,
  channelBranchReparameterization,
  extractorKind,
  extractStudent,
  type ChannelBranchReparameterizationOptions,
  type Extractor,
} from './extract.ts'
export { studentView, type GradientScale } from './student-view.ts'
export { leadingBlock } from './leading-block.ts'
