import { humanBytes, memberText, type Health, type MemberAnswer, type StatusAnswer } from './printer.ts'

export const memberHeader = ['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS', 'IS LEARNER']

export function memberRows(members: readonly MemberAnswer[]): string[][] {
  return members.map((member) => [memberText(member.ID), member.name === '' ? 'unstarted' : 'started', member.name, member.peerURLs.join(','), member.clientURLs.join(','), String(member.isLearner)])
}

export const statusHeader = [
  'ENDPOINT', 'ID', 'VERSION', 'STORAGE VERSION', 'DB SIZE', 'IN USE', 'PERCENTAGE NOT IN USE', 'QUOTA', 'IS LEADER', 'IS LEARNER', 'RAFT TERM', 'RAFT INDEX', 'RAFT APPLIED INDEX', 'ERRORS', 'DOWNGRADE TARGET VERSION', 'DOWNGRADE ENABLED',
]

/** The columns of etcdctl 3.6. */
export function statusRows(answers: readonly { readonly endpoint: string; readonly status: StatusAnswer }[]): string[][] {
  return answers.map(({ endpoint, status }) => [
    endpoint,
    memberText(status.header.member_id),
    status.version,
    status.storageVersion,
    humanBytes(status.dbSize),
    humanBytes(status.dbSizeInUse),
    `${100 - Math.floor((status.dbSizeInUse * 100) / Math.max(1, status.dbSize))}%`,
    humanBytes(status.dbSizeQuota),
    String(status.leader === status.header.member_id),
    String(status.isLearner),
    String(status.raftTerm),
    String(status.raftIndex),
    String(status.raftAppliedIndex),
    status.errors.join(', '),
    '',
    'false',
  ])
}

export const healthHeader = ['ENDPOINT', 'HEALTH', 'TOOK', 'ERROR']

export function healthRows(answers: readonly Health[]): string[][] {
  return answers.map(({ endpoint, health, took, error }) => [endpoint, String(health), took, error ?? ''])
}

/** A bordered table: headings centred, cells to the right. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)))
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`
  const centred = (text: string, width: number): string => {
    const left = Math.floor((width - text.length) / 2)
    return ' '.repeat(left) + text + ' '.repeat(width - text.length - left)
  }
  const row = (cells: readonly string[], place: (text: string, width: number) => string): string => `| ${cells.map((cell, column) => place(cell, widths[column]!)).join(' | ')} |\n`
  return rule + row(header, centred) + rule + rows.map((cells) => row(cells, (text, width) => text.padStart(width))).join('') + rule
}
