export { nativeFolders, type NativeFolders } from './native/folders.ts'
