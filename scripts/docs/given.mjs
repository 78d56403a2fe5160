// What a fragment of code in a page takes as given. The opening fence names the values, ```ts given=student,data, and here
// stands what each of them is: a reader has them from the text around, the type checker from here.

const loaded = "Awaited<ReturnType<typeof import('@gpdjs/interchange').loadNetwork>>"
const tensor = "import('@tensorflow/tfjs').Tensor"
const record = "import('@gpdjs/core').TensorRecord"
const network = "import('@gpdjs/core').Network"
const source = "import('@gpdjs/core').BatchSource"
const imageSet = "import('@gpdjs/data').ImageSet"
const options = "import('@gpdjs/trainer').DistillOptions"

/** @type {Readonly<Record<string, string>>} the type of each value, by its name */
export const GIVEN = {
  data: `${options}['data']`,
  document: tensor,
  epoch: 'number',
  epochs: 'number',
  expansion: "import('@gpdjs/ir-expansion').Expansion",
  images: tensor,
  moments: `Record<'student' | 'teacher', ${record}>`,
  network,
  objective: `(student: ${tensor}, teacher: ${tensor}) => ${tensor}`,
  optimizer: "import('@gpdjs/trainer').Optimizer",
  options,
  parameters: record,
  peer: network,
  plugins: "import('@gpdjs/trainer').Plugin[]",
  position: 'number',
  query: tensor,
  set: imageSet,
  statistics: record,
  stored: record,
  strong: `Record<'student' | 'teacher', ${tensor}>`,
  student: network,
  teacher: loaded,
  tensors: record,
  timmState: "ReturnType<typeof import('@gpdjs/interchange').decodeSafetensors>['tensors']",
  train: source,
  validation: source,
  weak: `Record<'student' | 'teacher', ${tensor}>`,
  xs: tensor,
  ys: tensor,
}

const promises = "typeof import('node:fs/promises')"

/**
 * What the examples of docstrings take as given beside that, by package; a reader has it from the parameters.
 *
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
export const GIVEN_IN_DOCSTRINGS = {
  cli: { given: 'any' },
  core: {
    dy: tensor,
    g: "ReturnType<typeof import('@gpdjs/core').graph>",
    image: tensor,
    mean: tensor,
    model: loaded,
    movingMean: tensor,
    movingVariance: tensor,
    response: 'Response',
    scale: tensor,
    shift: tensor,
    variance: tensor,
    w: tensor,
    x: tensor,
    y: tensor,
    options: '{ weight?: number }',
  },
  data: {
    bytes: 'Uint8Array',
    images: tensor,
    labels: tensor,
    source,
    set: imageSet,
    test: imageSet,
    train: imageSet,
    validation: imageSet,
  },
  interchange: {
    bytes: 'Uint8Array',
    folder: 'string',
    join: "typeof import('node:path').join",
    path: 'string',
    readFile: `${promises}['readFile']`,
    run: "import('@gpdjs/trainer').DistillResult",
    slots: record,
    student: loaded,
    text: 'string',
    url: 'string',
    writeFile: `${promises}['writeFile']`,
  },
  'ir-expansion': { seed: 'number' },
  'kd-losses': {
    centers: tensor,
    dynamicTeacherLogits: tensor,
    kernels: `${tensor}[]`,
    labels: tensor,
    logScale: tensor,
    studentLogits: tensor,
    studentMap: tensor,
    studentPool: tensor,
    teacherLogits: tensor,
    teacherMap: tensor,
    teacherPool: tensor,
  },
  trainer: {
    run: "import('@gpdjs/trainer').DistillResult & import('@gpdjs/trainer').RunSetup",
    model: "import('@tensorflow/tfjs').LayersModel",
    test: source,
    url: 'string',
  },
}

/**
 * @param {string} info of a block: `run`, `given=student,data`
 * @returns {{ declarations: string, unknown: string[] }} declarations for the end of the code, and names that the table lacks
 */
export function given(info) {
  const names = (/(?:^|\s)given=(\S+)/.exec(info)?.[1] ?? '').split(',').filter((name) => name !== '')
  return {
    declarations: names.map((name) => `declare const ${name}: ${GIVEN[name] ?? 'never'}\n`).join(''),
    unknown: names.filter((name) => !(name in GIVEN)),
  }
}
