import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Folders } from './folders';
import type { RunDocuments } from './runDocument';
import type { Servers } from './server';

const MAKE_MS = 60_000;

/**
 * The demo: a real run of a replayed model in a project of its own, which the server makes in the extension's storage.
 * It is attended beside the folders of the window, and touches none of them.
 */
export async function tryDemo(servers: Servers, storage: vscode.Uri, folders: Folders, documents: RunDocuments): Promise<void> {
  const { command: [program, ...args] } = await servers.find(undefined);
  const { stdout } = await promisify(execFile)(program, [...args, 'demo', '--new', vscode.Uri.joinPath(storage, 'demo').fsPath], { timeout: MAKE_MS, windowsHide: true });
  const { root, goal } = JSON.parse(stdout) as { readonly root: string; readonly goal: string };
  const folder = folders.show(vscode.Uri.file(root));
  const { session } = await folder.connection.request('cairn/run/start', { prompt: goal });
  await vscode.commands.executeCommand('cairn.tasks.focus');
  await documents.open(folder, session);
}
