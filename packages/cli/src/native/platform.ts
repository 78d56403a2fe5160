import { GpdError } from '@gpdjs/core/errors'

/** What differs between the systems that a link can be made on. */
export interface Platform {
  /** Package of the Python index that holds TensorFlow without CUDA for this system. */
  readonly wheel: string
  /** The libraries that the binding needs, by where they lie in a TensorFlow folder: a wheel, or an unpacked libtensorflow. */
  readonly libraries: readonly (readonly string[])[]
  /** Machine number in the header of a library. */
  readonly machine: number
  readonly compiler: readonly string[]
  readonly compilerArguments: readonly string[]
  /** Before the libraries. */
  readonly linkerArguments: readonly string[]
  readonly installCompiler: string
  readonly installPython: string
}

const LINUX = {
  libraries: [
    ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    ['lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2'],
  ],
  compiler: ['c++', 'g++', 'clang++'],
  compilerArguments: ['-shared', '-fPIC'],
  // An addon that uses nothing of TensorFlow does not load it.
  linkerArguments: ['-Wl,--as-needed'],
  installCompiler:
    'Install one: apt-get install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora), apk add g++ (Alpine); or name yours in CXX.',
  installPython:
    'Install it: apt-get install python3 python3-pip (Debian, Ubuntu), dnf install python3-pip (Fedora); or name yours with --python.',
} as const

const MAC = {
  libraries: [
    ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    ['lib/libtensorflow.2.dylib', 'lib/libtensorflow_framework.2.dylib'],
  ],
  compiler: ['c++', 'clang++'],
  compilerArguments: ['-bundle', '-undefined', 'dynamic_lookup'],
  linkerArguments: ['-Wl,-dead_strip_dylibs'],
  installCompiler: 'Install one: xcode-select --install; or name yours in CXX.',
  installPython: 'Install it: xcode-select --install; or name yours with --python.',
} as const

// Machine numbers: e_machine of ELF, cputype of Mach-O. Only linux-x64 has been tried.
const PLATFORMS: Readonly<Record<string, Platform>> = {
  'linux-x64': { ...LINUX, wheel: 'tensorflow-cpu', machine: 62 },
  'linux-arm64': { ...LINUX, wheel: 'tensorflow', machine: 183 },
  'darwin-arm64': { ...MAC, wheel: 'tensorflow', machine: 0x0100000c },
  'darwin-x64': { ...MAC, wheel: 'tensorflow', machine: 0x01000007 },
}

/** @throws GpdError `backend.unsupported` where no link can be made */
export function platformOf(name = `${process.platform}-${process.arch}`): Platform {
  const platform = PLATFORMS[name]
  if (platform !== undefined) return platform
  throw new GpdError(
    'backend.unsupported',
    `native: expected one of ${Object.keys(PLATFORMS).join(', ')}, found ${name}.`,
    'Use the backend wasm here.',
  )
}
