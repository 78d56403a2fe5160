export { channelBranchReparameterization, extractStudent, type Extractor } from './extract.ts'
export { studentView, type GradientScale } from './student-view.ts'
export { leadingBlock } from './leading-block.ts'
