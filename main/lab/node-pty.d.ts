/** The package is installed under the name that everyone knows; its own declarations carry another. */
declare module 'node-pty' {
  export interface IPty {
    readonly pid: number
    onData(listener: (data: string) => void): { dispose(): void }
    onExit(listener: (event: { exitCode: number; signal?: number }) => void): { dispose(): void }
    write(data: string): void
    resize(columns: number, rows: number): void
    kill(signal?: string): void
  }
  export function spawn(
    file: string,
    args: string[],
    options: { name?: string; cols?: number; rows?: number; cwd?: string; env?: Record<string, string> },
  ): IPty
}
