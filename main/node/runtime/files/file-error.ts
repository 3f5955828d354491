export type FileErrorCode =
  | 'ENOENT'
  | 'EACCES'
  | 'EPERM'
  | 'EISDIR'
  | 'ENOTDIR'
  | 'EEXIST'
  | 'EROFS'
  | 'ENOTEMPTY'
  | 'ELOOP'
  | 'ENOSPC'
  | 'EBUSY'
  | 'EINVAL'
  | 'EXDEV'

/** What strerror says. */
const texts: Readonly<Record<FileErrorCode, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EEXIST: 'File exists',
  EROFS: 'Read-only file system',
  ENOTEMPTY: 'Directory not empty',
  ELOOP: 'Too many levels of symbolic links',
  ENOSPC: 'No space left on device',
  EBUSY: 'Device or resource busy',
  EINVAL: 'Invalid argument',
  EXDEV: 'Invalid cross-device link',
}

/** A file operation failed as it would on Linux; `message` is the C library's text. */
export class FileError extends Error {
  readonly code: FileErrorCode
  readonly path: string
  constructor(code: FileErrorCode, path: string) {
    super(texts[code])
    this.code = code
    this.path = path
  }
}
