import type { DeviceSubRequest, ExactDeviceRequest, ResourceClaimSpec } from '../../generated/types.ts'

/** One device is meant where nothing else is said. May change `spec`. */
export function defaultClaimSpec(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    if (exactly) defaultWanted(exactly)
    firstAvailable?.forEach(defaultWanted)
  }
}

function defaultWanted(wanted: ExactDeviceRequest | DeviceSubRequest): void {
  wanted.allocationMode ||= 'ExactCount'
  if (wanted.allocationMode === 'ExactCount') wanted.count ||= 1
  for (const toleration of wanted.tolerations ?? []) toleration.operator ||= 'Equal'
}
