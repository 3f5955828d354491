import { EtcdError } from './client.ts'

/** etcd's error texts, as its clients see them. */
export const etcdErrors = {
  emptyKey: () => new EtcdError('invalid', 'etcdserver: key is not provided'),
  keyNotFound: () => new EtcdError('key-not-found', 'etcdserver: key not found'),
  valueProvided: () => new EtcdError('invalid', 'etcdserver: value is provided'),
  leaseProvided: () => new EtcdError('invalid', 'etcdserver: lease is provided'),
  tooManyOperations: () => new EtcdError('too-many-operations', 'etcdserver: too many operations in txn request'),
  duplicateKey: () => new EtcdError('duplicate-key', 'etcdserver: duplicate key given in txn request'),
  compacted: () => new EtcdError('compacted', 'etcdserver: mvcc: required revision has been compacted'),
  futureRevision: () => new EtcdError('future-revision', 'etcdserver: mvcc: required revision is a future revision'),
  noSpace: () => new EtcdError('no-space', 'etcdserver: mvcc: database space exceeded'),
  leaseNotFound: () => new EtcdError('lease-not-found', 'etcdserver: requested lease not found'),
  leaseExists: () => new EtcdError('lease-exists', 'etcdserver: lease already exists'),
  leaseTooLarge: () => new EtcdError('invalid', 'etcdserver: too large lease TTL'),
  tooLarge: () => new EtcdError('too-large', 'etcdserver: request is too large'),
  timeout: () => new EtcdError('unavailable', 'etcdserver: request timed out'),
  stopped: () => new EtcdError('unavailable', 'etcdserver: server stopped'),
} as const
