export {
  channelBranchReparameterization,
  extractStudent,
  type ChannelBranchReparameterization,
  type DeployedNetwork,
} from './extract.ts'
export { studentView, type GradientScale } from './student-view.ts'
export { leadingBlock } from './leading-block.ts'
