import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';

/** No server can be started. The message is for the user: what was tried, and what to do. */
export class ServerError extends Error {}

/** A command that is the Cairn server, and where it was found. */
export interface Server {
  /** The program, as an absolute path, and its first arguments. */
  readonly command: readonly [string, ...string[]];
  readonly origin: string;
}

const PROBE_MS = 15_000;
const WINDOWS = process.platform === 'win32';

/**
 * Finds the Cairn server for a folder. The first of these that is there wins:
 *
 * 1. the setting `cairn.server.command`, unchecked: what the user asks for is what runs;
 * 2. the environment that came with the extension, in its folder `env`;
 * 3. the interpreter chosen in the Python extension, if it has Cairn;
 * 4. `cairn` on PATH;
 * 5. `uv` on PATH, if Cairn is among the tools it has installed; nothing is ever downloaded.
 *
 * In an untrusted workspace only 1 (VS Code then leaves out what the workspace itself says) and 2: an
 * interpreter or a PATH may lead into the folder.
 *
 * `python -P` keeps the current folder, which is the user's, from shadowing the server's own modules.
 */
export async function findServer(folder: vscode.Uri, extension: vscode.Uri): Promise<Server> {
  const setting = vscode.workspace.getConfiguration('cairn', folder).get<string[]>('server.command', []);
  const [program, ...args] = setting;
  if (program) {
    return { command: [await locate(program), ...args], origin: 'the setting cairn.server.command' };
  }
  for await (const candidate of candidates(folder, extension)) {
    if (await isCairn(candidate.command)) {
      return candidate;
    }
  }
  throw new ServerError(
    'The Cairn server was not found: not with the extension, in the Python interpreter, on PATH or with uv. ' +
      'Install it, or name it in the setting cairn.server.command.',
  );
}

async function* candidates(folder: vscode.Uri, extension: vscode.Uri): AsyncGenerator<Server> {
  const bundled = path.join(extension.fsPath, 'env', ...(WINDOWS ? ['Scripts', 'python.exe'] : ['bin', 'python3']));
  if (await isExecutable(bundled)) {
    yield { command: asModule(bundled), origin: 'the environment that came with the extension' };
  }
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

function asModule(python: string): [string, ...string[]] {
  return [python, '-P', '-m', 'cairn_server.cli'];
}

/** Other programs are called cairn too, and most interpreters do not have it. */
async function isCairn([program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args, '--version'], { timeout: PROBE_MS, windowsHide: true });
    return /^cairn \d/.test(stdout);
  } catch {
    return false;
  }
}

/** The part of the Python extension's published interface that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource: vscode.Uri): { readonly path: string };
    resolveEnvironment(at: { readonly path: string }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

async function chosenInterpreter(folder: vscode.Uri): Promise<string | undefined> {
  const python = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  if (!python) {
    return undefined;
  }
  const { environments } = await python.activate();
  const environment = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return environment?.executable.uri?.fsPath;
}

async function locate(program: string): Promise<string> {
  if (path.isAbsolute(program)) {
    return program;
  }
  const found = await onPath(program);
  if (!found) {
    throw new ServerError(`"${program}", from the setting cairn.server.command, is not on PATH: give its absolute path.`);
  }
  return found;
}

/** Looks for a program as a shell would, but never in the current folder. */
async function onPath(program: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const names = WINDOWS ? [`${program}.exe`] : [program];
  for (const file of folders.flatMap((folder) => names.map((name) => path.join(folder, name)))) {
    if (await isExecutable(file)) {
      return file;
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
