import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { chosenInterpreter, onPath, type CommandLine } from './processes';

/** No environment could be made. The message says what was tried, and what to do. */
export class BundleError extends Error {}

const PATIENCE_MS = 400_000;
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3.14', 'python3', 'python'];
const LAUNCHER = 'py'; // Windows'

/** What `install.py` says by its exit code. */
const MADE = 0;
const FAILED = 3;

/**
 * The server in the box: an environment that `bundle/install.py` makes, offline and once, of the wheels beside it. The
 * VSIX without a platform has no wheels, and then there is none.
 */
export class Bundle {
  private looking: Promise<string | undefined> | undefined;

  constructor(
    private readonly script: string,
    private readonly storage: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The environment's Python; undefined without wheels. Any Python on PATH may make it that lies outside of the workspace. Throws BundleError. */
  async python(folder: vscode.Uri | undefined): Promise<string | undefined> {
    this.looking ??= existsSync(this.script) ? this.look(folder) : Promise.resolve(undefined);
    try {
      return await this.looking;
    } finally {
      this.looking = undefined; // it is looked at anew with each start: a Python may be gone since, or be there now
    }
  }

  private async look(folder: vscode.Uri | undefined): Promise<string> {
    const refusals: string[] = [];
    for await (const python of pythons(folder)) {
      const { code, said, printed } = await this.run(python);
      if (code === MADE && printed) {
        return printed;
      }
      if (code === FAILED) {
        throw new BundleError(said);
      }
      refusals.push(said.includes(python[0]) ? said : `${python[0]}: ${said || `exit code ${code}`}`);
    }
    const found = refusals.join('; ') || `none on PATH as ${PYTHONS.join(', ')}`;
    throw new BundleError(`it needs Python 3.11 or newer: ${found}. Install Python and run "Cairn: Restart Server"`);
  }

  /** Runs `install.py`, which says nothing while all is there, and shows what it says. */
  private async run([program, ...args]: CommandLine): Promise<{ readonly code: number | null; readonly said: string; readonly printed: string }> {
    const child = spawn(program, [...args, '-I', this.script, this.storage], { cwd: path.dirname(this.script), windowsHide: true, timeout: PATIENCE_MS });
    const ended = once(child, 'close').catch((error: unknown) => [null, String(error)]);
    let [said, printed] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    child.stderr.once('data', () => vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Cairn: setting up its server, once' }, async () => await ended));
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      this.log.info(data.toString().trim());
    });
    const [code, error] = (await ended) as [number | null, string | null];
    return { code, said: said.trim().split('\n').at(-1) || error || '', printed: printed.trim() };
  }
}

async function* pythons(folder: vscode.Uri | undefined): AsyncGenerator<CommandLine> {
  const chosen = await chosenInterpreter(folder);
  if (chosen) {
    yield [chosen];
  }
  const launcher = process.platform === 'win32' && (await onPath(LAUNCHER, true));
  if (launcher) {
    yield [launcher, '-3'];
  }
  for (const name of PYTHONS) {
    const python = await onPath(name, true);
    if (python) {
      yield [python];
    }
  }
}
