export { cifarResnet, type CifarResnetOptions } from './cifar-resnet.ts'
export { imagenetResnet, type ImagenetResnetOptions } from './imagenet-resnet.ts'
export { createNetwork, listNetworks, type NetworkOptions } from './registry.ts'
export { fromTorch, toTorch, type TorchLoad, type TorchTensor } from './torch.ts'
