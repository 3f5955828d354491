/** What the user chose, kept as JSON in the lab's own files. Unknown keys are kept; a value of a wrong type counts as absent. */
export interface Settings {
  readonly theme?: 'system' | 'dark' | 'light'
  readonly motion?: 'system' | 'reduced' | 'full'
  /** Speed at which labs start. */
  readonly speed?: number
  readonly terminalFontSize?: number
  /** Sizes and openness of the window's panels, by the window's own names. */
  readonly layout?: Readonly<Record<string, number | boolean | string>>
}

export interface SettingsCalls {
  /** Merges (a key set to null is removed), persists, and answers the whole. */
  'settings.set': { readonly argument: { readonly [K in keyof Settings]: Settings[K] | null }; readonly result: Settings }
}

export interface SettingsStreams {
  /** At once, then at each change by anyone. */
  'settings.state': { readonly argument: null; readonly event: Settings }
}
