const NETWORK =
  'A saved network is a folder with network.json and weights.safetensors. Give that folder, not a file in it.'

/** What a folder that is read should have held, by the file that is not there. */
const EXPECTED: Readonly<Record<string, string>> = {
  'network.json': NETWORK,
  'weights.safetensors': NETWORK,
  'model.json':
    'A tf.LayersModel is a folder with model.json and the files of weights that it names, as model.save and ' +
    'tensorflowjs_converter write it. Give that folder, not a file in it.',
  'manifest.json': 'A saved state is a folder that saveState or saveCheckpoint has written.',
  'heads.safetensors': 'The heads of a run are a folder that saveHeads has written.',
}

/** What to do about a file that is missing in a folder. */
export const adviceOn = (name: string): string =>
  Object.hasOwn(EXPECTED, name) ? EXPECTED[name]! : `Another file of the folder names '${name}': copy it there too.`
