import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from './client.ts'
import { etcdErrors } from './errors.ts'

/** The most operations that each list of a transaction may have (etcd's --max-txn-ops). */
const operationsMax = 128
/** The largest request (etcd's --max-request-bytes). */
export const requestBytesMax = 1_572_864

/** What etcd refuses before a request goes anywhere. Each throws an EtcdError. */
export function checkRange(request: RangeRequest): void {
  if (request.key === '') throw etcdErrors.emptyKey()
}

export function checkPut(request: PutRequest): void {
  if (request.key === '') throw etcdErrors.emptyKey()
  if (request.ignoreValue && request.value.length > 0) throw etcdErrors.valueProvided()
  if (request.ignoreLease && request.lease) throw etcdErrors.leaseProvided()
  if (putBytes(request) > requestBytesMax) throw etcdErrors.tooLarge()
}

export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key === '') throw etcdErrors.emptyKey()
}

export function checkTxn(request: TxnRequest): void {
  checkShape(request)
  checkIntervals(request.success)
  checkIntervals(request.failure)
  if (txnBytes(request) > requestBytesMax) throw etcdErrors.tooLarge()
}

function checkShape(request: TxnRequest): void {
  const length = Math.max(request.compare.length, request.success.length, request.failure.length)
  if (length > operationsMax) throw etcdErrors.tooManyOperations()
  for (const compare of request.compare) if (compare.key === '') throw etcdErrors.emptyKey()
  for (const operations of [request.success, request.failure]) {
    for (const operation of operations) {
      if (operation.type === 'range') checkRange(operation.request)
      else if (operation.type === 'put') checkPut(operation.request)
      else if (operation.type === 'deleteRange') checkDeleteRange(operation.request)
      else checkShape(operation.request)
    }
  }
}

interface Touched {
  readonly puts: Set<string>
  readonly deletes: { readonly key: string; readonly end: string | undefined }[]
}

/** No key may be put twice, or put and deleted, by what can run together. The two branches of a nested transaction never do. */
function checkIntervals(operations: readonly RequestOp[]): Touched {
  const puts = new Set<string>()
  const deletes: Touched['deletes'] = []
  for (const operation of operations) {
    if (operation.type === 'deleteRange') deletes.push({ key: operation.request.key, end: operation.request.rangeEnd })
  }
  for (const operation of operations) {
    if (operation.type !== 'txn') continue
    const branches = [checkIntervals(operation.request.success), checkIntervals(operation.request.failure)]
    // Compared with what came before this nested transaction only: its branches exclude each other.
    for (const branch of branches) {
      for (const key of branch.puts) if (puts.has(key) || deletes.some((range) => covers(range, key))) throw etcdErrors.duplicateKey()
      for (const range of branch.deletes) for (const key of puts) if (covers(range, key)) throw etcdErrors.duplicateKey()
    }
    for (const branch of branches) {
      for (const key of branch.puts) puts.add(key)
      deletes.push(...branch.deletes)
    }
  }
  for (const operation of operations) {
    if (operation.type !== 'put') continue
    const { key } = operation.request
    if (puts.has(key) || deletes.some((range) => covers(range, key))) throw etcdErrors.duplicateKey()
    puts.add(key)
  }
  return { puts, deletes }
}

function covers(range: { readonly key: string; readonly end: string | undefined }, key: string): boolean {
  if (range.end === undefined || range.end === '') return key === range.key
  return key >= range.key && (range.end === '\0' || key < range.end)
}

/** Whether anything in the transaction could write. */
export function writes(request: TxnRequest): boolean {
  const writing = (operation: RequestOp): boolean => (operation.type === 'txn' ? writes(operation.request) : operation.type !== 'range')
  return request.success.some(writing) || request.failure.some(writing)
}

/** Whether anything in the transaction could add data. */
export function puts(request: TxnRequest): boolean {
  const putting = (operation: RequestOp): boolean => (operation.type === 'txn' ? puts(operation.request) : operation.type === 'put')
  return request.success.some(putting) || request.failure.some(putting)
}

export function putBytes(request: PutRequest): number {
  return request.key.length + request.value.length + 16
}

/** About how many bytes the transaction is on the wire. */
export function txnBytes(request: TxnRequest): number {
  let bytes = 16
  for (const compare of request.compare) bytes += compare.key.length + (typeof compare.value === 'number' ? 8 : compare.value.length)
  for (const operations of [request.success, request.failure]) {
    for (const operation of operations) {
      if (operation.type === 'put') bytes += putBytes(operation.request)
      else if (operation.type === 'txn') bytes += txnBytes(operation.request)
      else bytes += operation.request.key.length + (operation.request.rangeEnd?.length ?? 0) + 8
    }
  }
  return bytes
}
