/** Every public function of every package, and how it is called with options alone. */
import * as architectures from '@gpdjs/architectures'
import * as backends from '@gpdjs/backends'
import * as cbr from '@gpdjs/cbr-reparam'
import * as core from '@gpdjs/core'
import * as data from '@gpdjs/data'
import * as files from '@gpdjs/data/node'
import * as interchange from '@gpdjs/interchange'
import * as ir from '@gpdjs/ir-expansion'
import * as kdLosses from '@gpdjs/kd-losses'
import * as trainer from '@gpdjs/trainer'
import * as cli from '../index.ts'

const packages = {
  architectures,
  backends,
  'cbr-reparam': cbr,
  core,
  data: { ...files, ...data },
  interchange,
  'ir-expansion': ir,
  'kd-losses': kdLosses,
  trainer,
  cli,
}

export type PackageName = keyof typeof packages

/** What stands before the options. Functions that are not listed here take them first. */
const BEFORE: Readonly<Record<string, readonly unknown[]>> = {
  ...Object.fromEntries(
    'cosine multiStep stepDecay warmUp warmUpFromOne warmUpFromZero fromLayersModel toOnnx layersModelFolder expand ' // prettier-ignore
      .concat(
        'decodeSafetensors fromOnnx loadCheckpoint readModelArtifacts decodeIdx readIdx readMnistFolder imageSource split ',
      )
      .concat('mlkdLoss mlkdViewLoss')
      .split(' ')
      .map((name) => [name, [undefined]]),
  ),
  ...Object.fromEntries(
    'linear evaluate classMeans apply freeze toTorch teacherView atLoss rkdLoss kdLoss distLoss ttmLoss '
      .concat('wttmLoss softCrossEntropyLoss binaryKdLoss')
      .split(' ')
      .map((name) => [name, [undefined, undefined]]),
  ),
  ...Object.fromEntries(['dkdLoss', 'ofaLoss', 'rldLoss'].map((name) => [name, [undefined, undefined, undefined]])),
  fromTorch: [undefined, {}],
  saveCheckpoint: ['checkpoints', 1, {}, {}],
  holdFolder: ['runs'],
  checkMoments: [undefined, 2],
  progressBar: [{ isTTY: false }],
  meanOverSet: [undefined, undefined, undefined],
  trainingStep: [undefined, undefined, undefined, []],
  gradientPass: [undefined, undefined, {}, {}],
  createNetwork: ['resnet8'],
  useBackend: ['cpu'],
  published: ['dkd', 'cifar100'],
}

/** Public functions without options. A new one without belongs here; one with options has a table, and is tested. */
const WITHOUT: Readonly<Record<PackageName, string>> = {
  architectures: 'listNetworks listTaps',
  backends: 'repairGradients',
  'cbr-reparam': 'extractStudent leadingBlock studentView',
  core:
    'GpdError isGpdError didYouMean nearest namePattern checkArgument checkModel fillOptions given needed option optional ' +
    'pickOptions isRecord show describeField randomStream permutation stopGradient valueAndGradients denseGradients sizeOf ' +
    'mapRecord recordData fixedAxis inputAxis outputAxis channelAxis layoutSize axisSize isPlainAxis segmentRatio widenAxis ' +
    'roleRatio initializeParameters initializeStatistics countParameters axesShape heNormal fanInUniform countMultiplyAdds ' +
    'defineNetwork networkDefinition parseNetwork unfreeze soleInput soleOutput predict tapNode defineOp registerOp findOp ' +
    'foldBatchNorm runExtraKernel extraDerivative extraKernelFunc withoutTape accumulating decodeCall encodeCall inputInList ' +
    'adaptiveMeans nearestCopies tfPadding bytesOf parseJson asOutOfMemory digestOf freeOnFailure pairOf tfSize windowExtent windowStrides widenNetwork foldRescale prependOp withLogits withNormalization withProbabilities',
  data: 'checkEntries checkImageSet countImages imageBytes take select moments encodeIdx chain writeIdx',
  interchange:
    'encodeSafetensors toLayersModel loadNetwork saveNetwork loadHeads saveHeads saveState loadState listCheckpoints pointToCheckpoint pointedCheckpoint writeFolder checkHeld nodeFiles',
  'ir-expansion':
    'branchParameters initializeWide liftParameters liftStatistics tileChannels keepsSize mergeBranches storageScale ' +
    'studentScale',
  'kd-losses':
    'crossEntropy crossEntropyLoss binaryCrossEntropy binaryCrossEntropyLoss standardizeLogits standardized fitnetLoss spLoss pktLoss nstLoss vidLoss contrastLoss ' +
    'attentionFusion hclLoss ndLoss publishedMethods',
  cli: 'runCli defineConfig defineStudy',
  trainer:
    'extractActor asPublished chain clip partition frozen globalNorm gradientsOf scaledGradients valueAt ' +
    'metricsFile combineCallbacks distillationTerm inScope scopeOf disposeReplaced initialState',
}

/** A loss by rows takes what the loss takes. */
const asLoss = (name: string) => name.replace(/Rows$/, 'Loss')

export interface PublicFunction {
  readonly of: PackageName
  readonly name: string
  readonly call: (options: unknown) => unknown
}

/** Those that take options. */
export const factories: readonly PublicFunction[] = Object.entries(packages).flatMap(([of, module]) =>
  Object.entries(module as Readonly<Record<string, unknown>>)
    .filter(([, value]) => typeof value === 'function')
    .filter(([name]) => !WITHOUT[of as PackageName].split(' ').includes(asLoss(name)))
    .map(([name, make]) => ({
      of: of as PackageName,
      name,
      call: (options) => (make as (...given: unknown[]) => unknown)(...(BEFORE[asLoss(name)] ?? []), options),
    })),
)

/** Names in the lists above that no function has any more. */
export const leftOver: readonly string[] = Object.entries(WITHOUT).flatMap(([of, names]) =>
  names.split(' ').filter((name) => {
    const module = packages[of as PackageName] as Readonly<Record<string, unknown>>
    return typeof (module[name] ?? module[name.replace(/Loss$/, 'Rows')]) !== 'function'
  }),
)

/** The error of a call, thrown or as a rejected promise. */
export async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

/** Names of all options that a function takes, as it says itself. */
export async function optionsOf({ call }: PublicFunction): Promise<readonly string[]> {
  const { message = '' } = ((await errorOf(() => call({ noSuchOption: 1 }))) ?? {}) as { readonly message?: string }
  return /Known: ([\w, ]+)\./.exec(message)?.[1]?.split(', ') ?? []
}
