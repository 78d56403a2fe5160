export { nativeFolders, type NativeFolders } from './native/folders.ts'
export { linkedFolder } from './native/linked-folder.ts'
