import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ServerError, type Server } from './server';

const LAST_WORDS = 500;

/** A Cairn server that talks LSP over its standard streams. */
export class ServerProcess {
  private words = '';

  private constructor(
    readonly child: ChildProcess,
    /** The whole command line and where it comes from, for people. */
    readonly title: string,
  ) {
    child.stderr?.on('data', (data: Buffer) => (this.words = (this.words + data.toString()).slice(-LAST_WORDS)));
  }

  /** Starts it with `folder` as its current folder; `face` is what makes it speak LSP. Throws ServerError when the program cannot be run. */
  static async start({ command, origin }: Server, folder: string, face: readonly string[]): Promise<ServerProcess> {
    const [program, ...first] = command;
    const args = [...first, ...face];
    const title = `"${[program, ...args].join(' ')}" (from ${origin})`;
    const child = spawn(program, args, { cwd: folder, windowsHide: true });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new ServerError(`The Cairn server did not start: ${title}: ${String(error)}`);
    }
    return new ServerProcess(child, title);
  }

  /** Ends it if it still runs, and tells how it ended: by itself with an exit code, or by a signal. */
  async end(): Promise<string> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL'); // it only relays: the host and its runs are other processes
      await exit;
    }
    return child.signalCode ?? `exit code ${child.exitCode}`;
  }

  /** The last line on its standard error: often the reason why it ended. */
  get lastWords(): string {
    return this.words.trim().split('\n').at(-1) ?? '';
  }
}
