const latin = new TextDecoder('latin1')

/** The first bytes as text, one character for each. */
const startOf = (bytes: Uint8Array, length = 512): string => latin.decode(bytes.subarray(0, length))

/** A file that someone may take for a safetensors file: how it is known, what it is, and what to do. */
interface OtherFormat {
  /** Fits the first bytes of such a file, as latin1. */
  readonly pattern: RegExp
  readonly what: string
  readonly fix: string
}

const python = (code: string) => `Convert it in Python: python -c "${code}"`

const TORCH = python(
  "import torch; from safetensors.torch import save_file; d = torch.load('model.pt', map_location='cpu', weights_only=True); " +
    "d = d.get('state_dict', d); save_file({k: v.clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, 'model.safetensors')",
)

const KERAS =
  'Convert it in Python (pip install tensorflowjs): tensorflowjs_converter --input_format keras model.h5 folder. ' +
  'Then tf.loadLayersModel(layersModelFolder(folder)) and fromLayersModel.'

/** In a ZIP archive the name of the first file begins at byte 30. */
const zip = (name: string) => new RegExp(`^PK\\x03\\x04[^]{26}${name}`)

/** The first that fits is taken. */
const OTHER_FORMATS: readonly OtherFormat[] = [
  {
    pattern: zip('[^]*?\\.npy'),
    what: 'an .npz archive of NumPy',
    fix: python(
      "import numpy; from safetensors.numpy import save_file; save_file(dict(numpy.load('model.npz')), 'model.safetensors')",
    ),
  },
  { pattern: zip('(metadata\\.json|config\\.json|model\\.weights\\.h5)'), what: 'a .keras model', fix: KERAS },
  {
    pattern: zip('[^/]+/(data\\.pkl|version|byteorder|\\.format_version|\\.storage_alignment)'),
    what: 'a .pt or .pth file of PyTorch, a pickle in a ZIP archive, which runs code when it is read',
    fix: TORCH,
  },
  { pattern: /^PK\x03\x04/, what: 'a ZIP archive', fix: 'Unpack it, and give the .safetensors file in it.' },
  {
    pattern: /^\x80[\x02-\x05]/,
    what: 'a pickle of Python (.pt, .pth, .pkl), which runs code when it is read',
    fix: TORCH,
  },
  { pattern: /^\x89HDF\r\n\x1a\n/, what: 'an HDF5 file (.h5) of Keras', fix: KERAS },
  {
    pattern: /^\x93NUMPY/,
    what: 'an .npy array of NumPy',
    fix: python(
      "import numpy; from safetensors.numpy import save_file; save_file({'weight': numpy.load('array.npy')}, 'model.safetensors')",
    ),
  },
  {
    // ir_version, then the name of the producer, a version, the graph or the opset.
    pattern: /^\x08[\x01-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]/,
    what: 'an ONNX model',
    fix: python(
      'import onnx; from onnx.numpy_helper import to_array; from safetensors.numpy import save_file; ' +
        "save_file({t.name: to_array(t) for t in onnx.load('model.onnx').graph.initializer}, 'model.safetensors')",
    ),
  },
  { pattern: /^[^]{4}TFL3/, what: 'a TensorFlow Lite model', fix: 'Take the model that it was made from.' },
  { pattern: /^GGUF/, what: 'a GGUF file', fix: 'Take the .safetensors file that it was made from.' },
  {
    pattern: /^version https:\/\/git-lfs/,
    what: 'a pointer of Git LFS in place of the file',
    fix: 'Fetch the file itself: git lfs pull.',
  },
  {
    pattern: /^\s*<(!doctype|html|\?xml)/i,
    what: 'a web page',
    fix: 'Download the file itself, not the page about it.',
  },
  { pattern: /^\x1f\x8b/, what: 'a file compressed with gzip', fix: 'Unpack it: gunzip.' },
  {
    pattern: /^\s*\{[^]*"weight_map"/,
    what: 'the index of a model in several files',
    fix: 'Decode each of the files that its weight_map names, and put the tensors together.',
  },
  {
    pattern: /^\s*\{/,
    what: 'JSON',
    fix: 'Give the bytes of the .safetensors file; for a model.json use layersModelFolder.',
  },
]

/** What a file is that is no safetensors file, if that can be told. */
export function otherFormat(bytes: Uint8Array): Omit<OtherFormat, 'pattern'> | undefined {
  const start = startOf(bytes)
  return OTHER_FORMATS.find(({ pattern }) => pattern.test(start))
}
