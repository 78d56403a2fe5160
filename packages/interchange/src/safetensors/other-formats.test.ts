import { deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { GpdError } from '@gpdjs/core'
import { decodeSafetensors } from './decode.ts'
import { encodeSafetensors } from './encode.ts'

const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** The beginning of a ZIP archive whose first file has this name: the local header of the format, by hand. */
function zip(name: string, compressed = false): Uint8Array {
  const content = compressed ? deflateRawSync('content') : latin('content')
  const header = new DataView(new ArrayBuffer(30))
  header.setUint32(0, 0x04034b50, true)
  header.setUint16(4, 20, true)
  header.setUint16(8, compressed ? 8 : 0, true)
  header.setUint32(18, content.length, true)
  header.setUint32(22, 7, true)
  header.setUint16(26, name.length, true)
  return Uint8Array.from([...new Uint8Array(header.buffer), ...latin(name), ...content])
}

const pad = (start: string) => latin(start.padEnd(64, '\0'))

// Each as its format says it begins; what a file is called does not matter.
const FILES: readonly (readonly [what: string, bytes: Uint8Array, found: RegExp, fix: RegExp])[] = [
  [
    '.pt of torch.save',
    zip('archive/data.pkl'),
    /\.pt or \.pth file of PyTorch/,
    /torch\.load.*weights_only=True.*save_file/,
  ],
  ['.pt of PyTorch 2.x', zip('resnet18/.format_version'), /\.pt or \.pth file of PyTorch/, /save_file/],
  [
    '.pt of PyTorch before 1.6',
    pad('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'),
    /pickle/,
    /torch\.load/,
  ],
  ['.pkl', pad('\x80\x04\x95'), /pickle/, /torch\.load/],
  ['.npz', zip('weight.npy'), /\.npz archive of NumPy/, /numpy\.load/],
  ['.npz, compressed', zip('layer1/weight.npy', true), /\.npz archive of NumPy/, /numpy\.load/],
  ['.npy', pad('\x93NUMPY\x01\x00'), /\.npy array/, /numpy\.load/],
  ['.keras', zip('metadata.json'), /\.keras model/, /tensorflowjs_converter/],
  ['.zip', zip('readme.txt'), /ZIP archive/, /Unpack/],
  ['.h5', pad('\x89HDF\r\n\x1a\n'), /HDF5 file/, /tensorflowjs_converter/],
  ['.onnx', pad('\x08\x08\x12\x07pytorch'), /ONNX model/, /onnx\.load/],
  ['.onnx without a producer', pad('\x08\x09\x3a\x05graph'), /ONNX model/, /onnx\.load/],
  ['.tflite', pad('\x1c\0\0\0TFL3'), /TensorFlow Lite/, /made from/],
  ['.gguf', pad('GGUF\x03\0\0\0'), /GGUF/, /made from/],
  ['a pointer of Git LFS', pad('version https://git-lfs.github.com/spec/v1\noid sha256:00'), /Git LFS/, /git lfs pull/],
  ['a web page', latin('<!DOCTYPE html><html><body>Not found</body></html>'), /web page/, /Download/],
  ['.safetensors.gz', gzipSync(encodeSafetensors({})), /gzip/, /gunzip/],
  ['an index', latin('{"metadata": {}, "weight_map": {"a": "model-00001.safetensors"}}'), /index/, /weight_map/],
  ['model.json', latin('{"format": "layers-model", "modelTopology": {}}'), /JSON/, /layersModelFolder/],
]

describe('a file of another format is refused as what it is', () => {
  it.each(FILES)('%s', (_, bytes, found, fix) => {
    let error: unknown
    try {
      decodeSafetensors(bytes, { source: 'model.pt' })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(GpdError)
    expect(error).toMatchObject({ code: 'checkpoint.corrupt', fix: expect.stringMatching(fix) as string })
    expect((error as GpdError).message).toMatch(/^model\.pt: expected a safetensors file, found /)
    expect((error as GpdError).message).toMatch(found)
  })

  it('but not a safetensors file whose length of header looks like one', () => {
    // The first two bytes are 0x08 0x12, as those of an ONNX model: a header of 0x1208 bytes.
    const empty = encodeSafetensors({ x: { shape: [0], data: new Float32Array() } })
    const length = 0x1208
    const file = new Uint8Array(8 + length).fill(0x20)
    file.set(empty.subarray(8), 8)
    new DataView(file.buffer).setBigUint64(0, BigInt(length), true)
    expect([...decodeSafetensors(file, { source: 'x' }).tensors.keys()]).toEqual(['x'])
  })
})
