export {
  CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS,
  channelBranchReparameterization,
  extractStudent,
  type ChannelBranchReparameterization,
  type ChannelBranchReparameterizationOptions,
  type DeployedNetwork,
} from './extract.ts'
export { studentView, type GradientScale } from './student-view.ts'
export { leadingBlock } from './leading-block.ts'
