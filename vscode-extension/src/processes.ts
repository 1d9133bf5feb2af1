import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';

/** A program, as an absolute path, and its first arguments. */
export type CommandLine = readonly [string, ...string[]];

const PROBE_MS = 15_000;
const WINDOWS = process.platform === 'win32';

/** Looks for a program as a shell would, but never in the current folder. `outside`: nor in a folder of the workspace. */
export async function onPath(program: string, outside = false): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const names = WINDOWS ? [`${program}.exe`] : [program];
  for (const file of folders.flatMap((folder) => names.map((name) => path.join(folder, name)))) {
    if ((await isExecutable(file)) && !(outside && vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)))) {
      return file;
    }
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the program says that it is, such as "cairn 0.1.0"; "" when it is another one of that name, or not there: most interpreters have none. */
export async function versionOf([program, ...args]: CommandLine): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args, '--version'], { timeout: PROBE_MS, windowsHide: true });
    return /^cairn \d\S*/.exec(stdout)?.[0] ?? '';
  } catch {
    return '';
  }
}

/** The part of the Python extension's published interface that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource: vscode.Uri | undefined): { readonly path: string };
    resolveEnvironment(at: { readonly path: string }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

/** The interpreter chosen in the Python extension, in a trusted workspace: it may lie in the folder. */
export async function chosenInterpreter(folder: vscode.Uri | undefined): Promise<string | undefined> {
  const python = vscode.workspace.isTrusted ? vscode.extensions.getExtension<PythonApi>('ms-python.python') : undefined;
  if (!python) {
    return undefined;
  }
  const { environments } = await python.activate();
  const environment = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return environment?.executable.uri?.fsPath;
}
