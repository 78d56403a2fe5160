export {
  channelBranchReparameterization,
  extractStudent,
  type ChannelBranchReparameterization,
} from './extract.ts'
export { studentView, type GradientScale } from './student-view.ts'
export { leadingBlock } from './leading-block.ts'
