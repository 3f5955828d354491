import { call } from '../bridge/bridge.ts'
import { useNavigation } from '../app/navigation.ts'
import { useToasts } from '../app/toasts.ts'

/** Shows the trace that a span belongs to, from what set it off. */
export function openTraceOf(spanId: number): void {
  const navigation = useNavigation()
  const toasts = useToasts()
  call('observe.rootOf', { spanId }).then(
    ({ rootId }) => navigation.go('traces', String(rootId), String(spanId)),
    (error: unknown) => toasts.failure('The trace is gone', error),
  )
}
