import type { Compare, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../client.ts'
import type { Entry, Proposal } from '../proposal.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

const proposalTypes = ['put', 'deleteRange', 'txn', 'compact', 'leaseGrant', 'leaseRevoke', 'alarm'] as const
const operationTypes = ['range', 'put', 'deleteRange', 'txn'] as const
const compareTargets = ['version', 'create', 'mod', 'value', 'lease'] as const
const compareResults = ['equal', 'greater', 'less', 'notEqual'] as const
const sortTargets = ['key', 'version', 'create', 'mod', 'value'] as const

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.integer(entry.index)
  writer.integer(entry.term)
  writeProposal(writer, entry.proposal)
}

export function readEntry(reader: ByteReader): Entry {
  return { index: reader.integer(), term: reader.integer(), proposal: readProposal(reader) }
}

function writeProposal(writer: ByteWriter, proposal: Proposal): void {
  writer.byte(proposalTypes.indexOf(proposal.type))
  switch (proposal.type) {
    case 'put':
      return writePut(writer, proposal.request)
    case 'deleteRange':
      writer.key(proposal.request.key)
      return writer.key(proposal.request.rangeEnd ?? '')
    case 'txn':
      return writeTxn(writer, proposal.request)
    case 'compact':
      return writer.integer(proposal.revision)
    case 'leaseGrant':
      writer.integer(proposal.id)
      return writer.integer(Math.max(0, Math.ceil(proposal.ttlSeconds)))
    case 'leaseRevoke':
      return writer.integer(proposal.id)
    case 'alarm':
      writer.byte(proposal.alarm === 'NOSPACE' ? 0 : 1)
      return writer.byte(proposal.active ? 1 : 0)
  }
}

function readProposal(reader: ByteReader): Proposal {
  const type = named(proposalTypes, reader.byte())
  switch (type) {
    case 'put':
      return { type, request: readPut(reader) }
    case 'deleteRange':
      return { type, request: readSpan(reader) }
    case 'txn':
      return { type, request: readTxn(reader) }
    case 'compact':
      return { type, revision: reader.integer() }
    case 'leaseGrant':
      return { type, id: reader.integer(), ttlSeconds: reader.integer() }
    case 'leaseRevoke':
      return { type, id: reader.integer() }
    case 'alarm':
      return { type, alarm: reader.byte() === 0 ? 'NOSPACE' : 'CORRUPT', active: reader.byte() === 1 }
  }
}

function writePut(writer: ByteWriter, request: PutRequest): void {
  writer.byte((request.ignoreValue ? 1 : 0) | (request.ignoreLease ? 2 : 0))
  writer.key(request.key)
  writer.integer(request.lease ?? 0)
  writer.blob(request.value)
}

function readPut(reader: ByteReader): PutRequest {
  const flags = reader.byte()
  const key = reader.key()
  const lease = reader.integer()
  const value = reader.blob()
  return { key, value, ...(lease && { lease }), ...(flags & 1 && { ignoreValue: true }), ...(flags & 2 && { ignoreLease: true }) }
}

function readSpan(reader: ByteReader): { key: string; rangeEnd?: string } {
  const key = reader.key()
  const rangeEnd = reader.key()
  return rangeEnd === '' ? { key } : { key, rangeEnd }
}

function writeTxn(writer: ByteWriter, request: TxnRequest): void {
  writer.integer(request.compare.length)
  for (const compare of request.compare) writeCompare(writer, compare)
  for (const operations of [request.success, request.failure]) {
    writer.integer(operations.length)
    for (const operation of operations) writeOperation(writer, operation)
  }
}

function readTxn(reader: ByteReader): TxnRequest {
  const list = <T>(read: () => T): T[] => Array.from({ length: reader.integer() }, read)
  return { compare: list(() => readCompare(reader)), success: list(() => readOperation(reader)), failure: list(() => readOperation(reader)) }
}

function writeCompare(writer: ByteWriter, compare: Compare): void {
  writer.byte(compareTargets.indexOf(compare.target))
  writer.byte(compareResults.indexOf(compare.result))
  writer.key(compare.key)
  writer.key(compare.rangeEnd ?? '')
  // What is compared is never negative, so all negative values are alike.
  if (typeof compare.value === 'number') writer.integer(Math.max(-1, compare.value) + 1)
  else writer.blob(compare.value)
}

function readCompare(reader: ByteReader): Compare {
  const target = named(compareTargets, reader.byte())
  const result = named(compareResults, reader.byte())
  const span = readSpan(reader)
  return { ...span, target, result, value: target === 'value' ? reader.blob() : reader.integer() - 1 }
}

function writeOperation(writer: ByteWriter, operation: RequestOp): void {
  writer.byte(operationTypes.indexOf(operation.type))
  switch (operation.type) {
    case 'range':
      return writeRange(writer, operation.request)
    case 'put':
      return writePut(writer, operation.request)
    case 'deleteRange':
      writer.key(operation.request.key)
      return writer.key(operation.request.rangeEnd ?? '')
    case 'txn':
      return writeTxn(writer, operation.request)
  }
}

function readOperation(reader: ByteReader): RequestOp {
  const type = named(operationTypes, reader.byte())
  switch (type) {
    case 'range':
      return { type, request: readRange(reader) }
    case 'put':
      return { type, request: readPut(reader) }
    case 'deleteRange':
      return { type, request: readSpan(reader) }
    case 'txn':
      return { type, request: readTxn(reader) }
  }
}

/** Ranges are in the log only because a transaction is kept whole: what they answered is nobody's concern any more, but one of
 *  a revision that was not readable makes the whole transaction refused, and has to do so again. */
function writeRange(writer: ByteWriter, request: RangeRequest): void {
  writer.key(request.key)
  writer.key(request.rangeEnd ?? '')
  writer.integer(Math.max(0, request.limit ?? 0))
  writer.integer(Math.max(0, request.revision ?? 0))
  writer.byte((request.keysOnly ? 1 : 0) | (request.countOnly ? 2 : 0))
  writer.byte(request.sort ? sortTargets.indexOf(request.sort.target) * 2 + (request.sort.order === 'descend' ? 1 : 0) + 1 : 0)
}

function readRange(reader: ByteReader): RangeRequest {
  const span = readSpan(reader)
  const limit = reader.integer()
  const revision = reader.integer()
  const flags = reader.byte()
  const sort = reader.byte()
  return {
    ...span,
    ...(limit && { limit }),
    ...(revision && { revision }),
    ...(flags & 1 && { keysOnly: true }),
    ...(flags & 2 && { countOnly: true }),
    ...(sort > 0 && { sort: { target: named(sortTargets, (sort - 1) >> 1), order: (sort - 1) & 1 ? ('descend' as const) : ('ascend' as const) } }),
  }
}

function named<T extends string>(names: readonly T[], at: number): T {
  const name = names[at]
  if (name === undefined) throw new RangeError(`no name has number ${at} (there are ${names.length})`)
  return name
}

