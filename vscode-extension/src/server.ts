import * as path from 'node:path';
import * as vscode from 'vscode';
import { Bundle, BundleError } from './bundle';
import { chosenInterpreter, onPath, versionOf, type CommandLine } from './processes';

/** No server can be started. The message is for the user: what was tried, and what to do. */
export class ServerError extends Error {}

/** A command that is the Cairn server, and where it was found. */
export interface Server {
  readonly command: CommandLine;
  readonly origin: string;
}

/** Where the extension lies, and where it may keep things. */
export type Places = Pick<vscode.ExtensionContext, 'extensionUri' | 'globalStorageUri'>;

/** Finds the Cairn server for a folder, or makes it. */
export class Servers {
  private readonly bundle: Bundle;

  constructor({ extensionUri, globalStorageUri }: Places, private readonly log: vscode.LogOutputChannel) {
    this.bundle = new Bundle(vscode.Uri.joinPath(extensionUri, 'bundle', 'install.py').fsPath, globalStorageUri.fsPath, log);
  }

  /**
   * The first of these that is there wins:
   *
   * 1. the setting `cairn.server.command`, unchecked: what the user asks for is what runs;
   * 2. the environment of the wheels that came with the extension, made the first time;
   * 3. the interpreter chosen in the Python extension, if it has Cairn;
   * 4. `cairn` on PATH;
   * 5. `uv` on PATH, if Cairn is among the tools it has installed; nothing is ever downloaded.
   *
   * In an untrusted workspace only 1 (VS Code then leaves out what the workspace itself says) and 2: an
   * interpreter or a PATH may lead into the folder.
   *
   * `python -P` keeps the current folder, which is the user's, from shadowing the server's own modules.
   *
   * Throws ServerError.
   */
  async find(folder: vscode.Uri | undefined): Promise<Server> {
    const [program, ...args] = vscode.workspace.getConfiguration('cairn', folder).get<string[]>('server.command', []);
    if (program) {
      return { command: [await locate(program), ...args], origin: 'the setting cairn.server.command' };
    }
    const [bundled, why] = await this.bundled(folder);
    if (bundled) {
      return bundled;
    }
    for await (const candidate of candidates(folder)) {
      if (await versionOf(candidate.command)) {
        return candidate;
      }
    }
    const elsewhere = vscode.workspace.isTrusted ? 'Nor is it in the Python interpreter, on PATH or with uv' : 'Nothing else is tried in a folder that is not trusted';
    throw new ServerError(`The Cairn server was not found. ${why}. ${elsewhere}. The setting cairn.server.command can name one.`);
  }

  /** What came with the extension, or why it cannot be had. */
  private async bundled(folder: vscode.Uri | undefined): Promise<readonly [Server | undefined, string]> {
    try {
      const python = await this.bundle.python(folder);
      const origin = 'the wheels that came with the extension';
      return python ? [{ command: asModule(python), origin }, ''] : [undefined, 'None came with this package of the extension'];
    } catch (error) {
      if (!(error instanceof BundleError)) {
        throw error;
      }
      this.log.error(error);
      return [undefined, `The one that came with the extension cannot be set up: ${error.message}`];
    }
  }
}

async function* candidates(folder: vscode.Uri | undefined): AsyncGenerator<Server> {
  if (!vscode.workspace.isTrusted) {
    return;
  }
  const interpreter = await chosenInterpreter(folder);
  if (interpreter) {
    yield { command: asModule(interpreter), origin: 'the interpreter chosen in the Python extension' };
  }
  const cairn = await onPath('cairn');
  if (cairn) {
    yield { command: [cairn], origin: 'PATH' };
  }
  const uv = await onPath('uv');
  if (uv) {
    yield { command: [uv, 'tool', 'run', '--offline', '--from', 'cairn-agent', 'cairn'], origin: 'uv' };
  }
}

function asModule(python: string): CommandLine {
  return [python, '-P', '-m', 'cairn_server.cli'];
}

async function locate(program: string): Promise<string> {
  const found = path.isAbsolute(program) ? program : await onPath(program);
  if (!found) {
    throw new ServerError(`"${program}", from the setting cairn.server.command, is not on PATH: give its absolute path.`);
  }
  return found;
}
